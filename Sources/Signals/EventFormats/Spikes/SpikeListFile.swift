import CHDF5
import Glibc
import OutputFiles

/// Recordings of spikes in the HDF5 layout of the Spiking Heidelberg Digits: `spikes/times` in seconds and `spikes/units`,
/// one list a recording, and `labels`. Columns beside them and texts at the root carry what the layout has no place for.
public struct SpikeListFile: Sendable, Equatable {
  /// The spikes of one recording.
  public struct Recording: Sendable, Equatable {
    /// Time of each spike, seconds.
    public var times: [Double]
    /// Input of each spike.
    public var units: [UInt16]
    /// Number of what was recorded; 0 when nothing is known.
    public var label: Int64
    /// More values for each spike, by name; written under `extra`.
    public var columns: [String: [Double]]

    /// Spikes of one recording.
    public init(times: [Double], units: [UInt16], label: Int64 = 0, columns: [String: [Double]] = [:]) {
      self.times = times
      self.units = units
      self.label = label
      self.columns = columns
    }
  }

  /// In the order of the file.
  public var recordings: [Recording]
  /// Texts kept as attributes of the root, by name.
  public var texts: [String: String]

  /// What a file of spike lists is to hold.
  public init(recordings: [Recording], texts: [String: String] = [:]) {
    self.recordings = recordings
    self.texts = texts
  }

  /// Writes the file: whole, or what was there before stays.
  public func write(to path: String) throws(EventFormatError) {
    let columnNames = Set(recordings.flatMap(\.columns.keys)).sorted()
    for recording in recordings {
      let counts = [recording.times.count] + recording.columns.values.map(\.count)
      guard counts.allSatisfy({ $0 == recording.units.count }) else {
        throw EventFormatError(
          .cannotWrite, source: path, reason: "a recording has \(recording.units.count) units but columns of \(counts)",
          remedy: "give every spike a value in every column")
      }
    }
    do throws(OutputFileError) {
      let output = try OutputFile(path)
      guard let image = image(columnNames) else { throw OutputFileError(path: path, number: ENOMEM) }
      try output.write(image)
      try output.finish()
    } catch {
      throw EventFormatError(error)
    }
  }

  /// The file's bytes. The library makes them in memory: on a disk that is full it crashes.
  private func image(_ columnNames: [String]) -> [UInt8]? {
    withHDF5 {
      let access = H5Pcreate(hdf5_file_access())
      defer { H5Pclose(access) }
      guard H5Pset_fapl_core(access, 1 << 20, false) >= 0 else { return nil }
      // The library looks for a file of this name first, and there can be none. 2 is H5F_ACC_TRUNC, a macro Swift does
      // not see.
      let file = H5Fcreate("/dev/null/spikes", 2, 0, access)
      guard file >= 0 else { return nil }
      defer { H5Fclose(file) }
      for group in ["spikes", "extra"] where group == "spikes" || !columnNames.isEmpty {
        H5Gclose(H5Gcreate2(file, group, 0, 0, 0))
      }
      var isWhole = writeLists(recordings.map(\.times), hdf5_native_double(), "spikes/times", file)
      isWhole = writeLists(recordings.map(\.units), hdf5_native_uint16(), "spikes/units", file) && isWhole
      for name in columnNames {
        let lists = recordings.map { $0.columns[name] ?? [Double](repeating: .nan, count: $0.units.count) }
        isWhole = writeLists(lists, hdf5_native_double(), "extra/" + name, file) && isWhole
      }
      isWhole = writeValues(recordings.map(\.label), "labels", file) && isWhole
      for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
        isWhole = writeText(text, name, file) && isWhole
      }
      isWhole = H5Fflush(file, H5F_SCOPE_LOCAL) >= 0 && isWhole
      guard isWhole else { return nil }
      let size = H5Fget_file_image(file, nil, 0)
      guard size > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: size)
      return H5Fget_file_image(file, &bytes, bytes.count) == size ? bytes : nil
    }
  }

  /// Reads a file of this layout, whoever wrote it.
  public init(contentsOf path: String) throws(EventFormatError) {
    let whole = try withHDF5 { () throws(EventFormatError) -> SpikeListFile in
      let file = H5Fopen(path, 0, 0)
      guard file >= 0 else {
        throw EventFormatError(
          .malformedHeader, source: path, reason: "libhdf5 cannot open it",
          remedy: "give a file in the HDF5 layout of the Spiking Heidelberg Digits")
      }
      defer { H5Fclose(file) }
      guard let times: [[Double]] = readLists("spikes/times", hdf5_native_double(), file),
        let units: [[UInt16]] = readLists("spikes/units", hdf5_native_uint16(), file),
        times.map(\.count) == units.map(\.count)
      else {
        throw EventFormatError(
          .unsupported, source: path, reason: "it has no lists of spikes/times and spikes/units of equal length",
          remedy: "give a file in the HDF5 layout of the Spiking Heidelberg Digits")
      }
      let labels = readValues("labels", file)
      var recordings = zip(times, units).enumerated().map { index, spikes in
        Recording(
          times: spikes.0, units: spikes.1, label: labels.indices.contains(index) ? labels[index] : 0)
      }
      for name in names(in: "extra", file) {
        // Groups and lists of another length belong to other programs.
        guard let lists: [[Double]] = readLists("extra/" + name, hdf5_native_double(), file),
          lists.map(\.count) == units.map(\.count)
        else { continue }
        for index in recordings.indices { recordings[index].columns[name] = lists[index] }
      }
      return SpikeListFile(recordings: recordings, texts: readTexts(file))
    }
    self = whole
  }
}

// What follows runs within `withHDF5`.

private func writeLists<Value>(_ lists: [[Value]], _ type: Int64, _ path: String, _ file: Int64) -> Bool {
  let listType = H5Tvlen_create(type)
  defer { H5Tclose(listType) }
  var count = UInt64(lists.count)
  let space = H5Screate_simple(1, &count, nil)
  defer { H5Sclose(space) }
  let dataset = H5Dcreate2(file, path, listType, space, 0, 0, 0)
  guard dataset >= 0 else { return false }
  defer { H5Dclose(dataset) }
  if lists.isEmpty { return true }
  // The library reads from plain memory that outlives the call: each list is copied and freed here.
  let copies = lists.map { list in
    let copy = UnsafeMutablePointer<Value>.allocate(capacity: max(1, list.count))
    copy.initialize(from: list, count: list.count)
    return copy
  }
  defer {
    for copy in copies { copy.deallocate() }
  }
  let entries = zip(lists, copies).map { hvl_t(len: $0.count, p: UnsafeMutableRawPointer($1)) }
  return H5Dwrite(dataset, listType, 0, 0, 0, entries) >= 0
}

private func writeValues(_ values: [Int64], _ path: String, _ file: Int64) -> Bool {
  var count = UInt64(values.count)
  let space = H5Screate_simple(1, &count, nil)
  defer { H5Sclose(space) }
  let dataset = H5Dcreate2(file, path, hdf5_native_int64(), space, 0, 0, 0)
  guard dataset >= 0 else { return false }
  defer { H5Dclose(dataset) }
  return values.isEmpty || H5Dwrite(dataset, hdf5_native_int64(), 0, 0, 0, values) >= 0
}

private func writeText(_ text: String, _ name: String, _ file: Int64) -> Bool {
  let bytes = Array(text.utf8) + [0]
  let type = H5Tcopy(hdf5_c_string())
  defer { H5Tclose(type) }
  H5Tset_size(type, bytes.count)
  let space = H5Screate(H5S_SCALAR)
  defer { H5Sclose(space) }
  let attribute = H5Acreate2(file, name, type, space, 0, 0)
  guard attribute >= 0 else { return false }
  defer { H5Aclose(attribute) }
  return H5Awrite(attribute, type, bytes) >= 0
}

/// Largest number of lists and of values in all of them that is read.
private let mostValues = 1 << 28

private func readLists<Value: ExpressibleByIntegerLiteral>(
  _ path: String, _ type: Int64, _ file: Int64
) -> [[Value]]? {
  guard HDF5File.exists(path, in: file) else { return nil }
  let dataset = H5Dopen2(file, path, 0)
  guard dataset >= 0 else { return nil }
  defer { H5Dclose(dataset) }
  let stored = H5Dget_type(dataset)
  defer { H5Tclose(stored) }
  guard H5Tget_class(stored) == H5T_VLEN else { return nil }
  let space = H5Dget_space(dataset)
  defer { H5Sclose(space) }
  let count = Int(H5Sget_simple_extent_npoints(space))
  guard H5Sget_simple_extent_ndims(space) == 1, (0...mostValues).contains(count),
    HDF5Dataset.isPlausible(dataset, count: count, valueBytes: H5Tget_size(stored))
  else { return nil }
  if count == 0 { return [] }
  let listType = H5Tvlen_create(type)
  defer { H5Tclose(listType) }
  var entries = [hvl_t](repeating: hvl_t(), count: count)
  guard H5Dread(dataset, listType, 0, 0, 0, &entries) >= 0 else { return nil }
  defer { H5Dvlen_reclaim(listType, space, 0, &entries) }
  return entries.map { entry in
    guard let values = entry.p else { return [] }
    return Array(UnsafeBufferPointer(start: values.assumingMemoryBound(to: Value.self), count: entry.len))
  }
}

private func readValues(_ path: String, _ file: Int64) -> [Int64] {
  guard HDF5File.exists(path, in: file) else { return [] }
  let dataset = H5Dopen2(file, path, 0)
  guard dataset >= 0 else { return [] }
  defer { H5Dclose(dataset) }
  let space = H5Dget_space(dataset)
  defer { H5Sclose(space) }
  let count = Int(H5Sget_simple_extent_npoints(space))
  let stored = H5Dget_type(dataset)
  defer { H5Tclose(stored) }
  guard (1...mostValues).contains(count),
    HDF5Dataset.isPlausible(dataset, count: count, valueBytes: H5Tget_size(stored))
  else { return [] }
  var values = [Int64](repeating: 0, count: count)
  return H5Dread(dataset, hdf5_native_int64(), 0, 0, 0, &values) >= 0 ? values : []
}

private func names(in path: String, _ file: Int64) -> [String] {
  guard HDF5File.exists(path, in: file) else { return [] }
  let group = H5Gopen2(file, path, 0)
  guard group >= 0 else { return [] }
  defer { H5Gclose(group) }
  var information = H5G_info_t()
  guard H5Gget_info(group, &information) >= 0 else { return [] }
  return (0..<min(information.nlinks, 1000)).compactMap { index in
    var name = [CChar](repeating: 0, count: 256)
    let length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
    guard length > 0, length < name.count else { return nil }
    return String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}

private func readTexts(_ file: Int64) -> [String: String] {
  var texts: [String: String] = [:]
  var index: UInt64 = 0
  while index < 1000 {
    let attribute = H5Aopen_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, 0, 0)
    guard attribute >= 0 else { break }
    defer { H5Aclose(attribute) }
    index += 1
    var name = [CChar](repeating: 0, count: 256)
    let length = H5Aget_name(attribute, name.count, &name)
    let type = H5Aget_type(attribute)
    defer { H5Tclose(type) }
    let size = H5Tget_size(type)
    guard length > 0, length < name.count, H5Tget_class(type) == H5T_STRING, H5Tis_variable_str(type) == 0,
      (1...(1 << 20)).contains(size), HDF5File.valueCount(attribute) == 1
    else { continue }
    var bytes = [UInt8](repeating: 0, count: size)
    guard H5Aread(attribute, type, &bytes) >= 0 else { continue }
    let key = String(decoding: name.prefix(Int(length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    texts[key] = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
  return texts
}
