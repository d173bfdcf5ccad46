import CHDF5

extension HDF5File {
  /// One object of a file.
  struct Object: Sendable, Equatable {
    /// From the root, without a slash in front; empty for the root itself.
    var path: String
    var isGroup: Bool
  }

  /// Objects that are looked at, and groups within each other.
  private static let mostObjects = 4096
  private static let deepest = 6

  /// The groups and datasets of the file, a group in front of what is in it. Links to other files are not followed.
  func objects() -> [Object] {
    withHDF5 {
      var found = [Object(path: "", isGroup: true)]
      var next = 0
      while next < found.count, found.count < Self.mostObjects {
        let group = found[next]
        next += 1
        guard group.isGroup, group.path.split(separator: "/").count < Self.deepest else { continue }
        found += Self.members(of: group.path, in: identifier, most: Self.mostObjects - found.count)
      }
      return found
    }
  }

  /// Names of the datasets in a group; none where there is no such group.
  func datasetNames(in path: String) -> [String] {
    withHDF5 {
      guard Self.exists(path, in: identifier) else { return [] }
      return Self.members(of: path, in: identifier, most: Self.mostObjects).filter { !$0.isGroup }.map { object in
        path.isEmpty ? object.path : String(object.path.dropFirst(path.count + 1))
      }
    }
  }

  /// Whether a path leads to a dataset.
  func hasDataset(_ path: String) -> Bool {
    withHDF5 {
      guard Self.exists(path, in: identifier) else { return false }
      let object = H5Oopen(identifier, path, 0)
      guard object >= 0 else { return false }
      defer { H5Oclose(object) }
      return H5Iget_type(object) == H5I_DATASET
    }
  }

  private static func members(of path: String, in file: hid_t, most: Int) -> [Object] {
    let group = H5Gopen2(file, "/" + path, 0)
    guard group >= 0 else { return [] }
    defer { H5Gclose(group) }
    var facts = H5G_info_t()
    guard H5Gget_info(group, &facts) >= 0 else { return [] }
    return (0..<min(facts.nlinks, hsize_t(most))).compactMap { index in
      guard let name = name(of: index, in: group), hdf5_is_own_link(group, index) != 0 else { return nil }
      let object = H5Oopen(group, name, 0)
      guard object >= 0 else { return nil }
      defer { H5Oclose(object) }
      let kind = H5Iget_type(object)
      guard kind == H5I_GROUP || kind == H5I_DATASET else { return nil }
      return Object(path: path.isEmpty ? name : "\(path)/\(name)", isGroup: kind == H5I_GROUP)
    }
  }

  private static func name(of index: hsize_t, in group: hid_t) -> String? {
    let length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
    guard (1...4096).contains(length) else { return nil }
    var bytes = [CChar](repeating: 0, count: length + 1)
    guard H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &bytes, bytes.count, 0) == length else {
      return nil
    }
    return String(decoding: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
