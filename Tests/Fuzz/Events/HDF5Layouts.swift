import CHDF5

/// Makes HDF5 files whose structure follows from the bytes of an input: datasets where readers look for events, of
/// whatever type, extent and layout, and attributes of whatever size. Bytes at random hardly ever get past libhdf5.
struct HDF5Layouts {
  private var input: ArraySlice<UInt8>

  private static let paths = [
    "CD/events", "events", "data/0", "events/t", "events/x", "events/y", "events/p", "data/t", "data/x", "data/y",
    "data/p", "t", "x", "y", "p", "t_offset", "ms_to_idx", "spikes/times", "spikes/units", "labels", "events/timestamp",
    "left/t", "left/x", "left/y", "left/p", "left/events", "left/calib/resolution", "EXT_TRIGGER/events",
  ]
  private static let fields = ["t", "x", "y", "p", "timestamp", "pol", "T", "unit", "id"]
  private static let extents: [hsize_t] = [0, 1, 2, 3, 17, 100, 1 << 17, 1 << 31, 1 << 40, 1 << 60, 1 << 62]

  /// The bytes of one file.
  static func image(_ input: [UInt8]) -> [UInt8] {
    var layouts = HDF5Layouts(input: input[...])
    return layouts.make()
  }

  private mutating func next() -> Int { Int(input.popFirst() ?? 0) }

  private mutating func make() -> [UInt8] {
    H5Eset_auto2(0, nil, nil)
    let access = H5Pcreate(hdf5_file_access())
    defer { H5Pclose(access) }
    H5Pset_fapl_core(access, 4096, false)
    let file = H5Fcreate("image", 2, 0, access)
    defer { H5Fclose(file) }
    for _ in 0..<next() % 6 { writeAttribute(file) }
    for _ in 0..<1 + next() % 9 { writeDataset(file) }
    H5Fflush(file, H5F_SCOPE_LOCAL)
    var bytes = [UInt8](repeating: 0, count: max(0, H5Fget_file_image(file, nil, 0)))
    H5Fget_file_image(file, &bytes, bytes.count)
    return bytes
  }

  /// A type and what has to be closed after it.
  private mutating func type(depth: Int = 0) -> hid_t {
    switch next() % 16 {
    case 0, 1, 2, 3: return H5Tcopy(hdf5_native_int64())
    case 4, 5: return H5Tcopy(hdf5_native_uint16())
    case 6: return H5Tcopy(hdf5_native_uint8())
    case 7: return H5Tcopy(hdf5_native_int16())
    case 8, 9: return H5Tcopy(hdf5_native_double())
    case 10:
      let text = H5Tcopy(hdf5_c_string())
      // 255 stands for a text of any length.
      let size = next()
      H5Tset_size(text, size == 255 ? Int(bitPattern: UInt.max) : 1 + size)
      return text
    case 11, 12:
      let element = depth < 2 ? type(depth: depth + 1) : H5Tcopy(hdf5_native_double())
      defer { H5Tclose(element) }
      return H5Tvlen_create(element)
    case 13:
      let element = depth < 2 ? type(depth: depth + 1) : H5Tcopy(hdf5_native_double())
      defer { H5Tclose(element) }
      var extent = hsize_t(1 + next() % 8)
      return H5Tarray_create2(element, 1, &extent)
    default:
      var members: [(String, hid_t)] = []
      for index in 0..<1 + next() % 6 {
        let name = next() % 4 == 0 ? Self.fields[next() % Self.fields.count] : Self.fields[index]
        members.append((name, depth < 1 ? type(depth: depth + 1) : H5Tcopy(hdf5_native_int64())))
      }
      let record = H5Tcreate(H5T_COMPOUND, max(1, members.reduce(0) { $0 + H5Tget_size($1.1) }))
      var offset = 0
      for (name, member) in members {
        if H5Tinsert(record, name, offset, member) >= 0 { offset += H5Tget_size(member) }
        H5Tclose(member)
      }
      return record
    }
  }

  private mutating func writeAttribute(_ file: hid_t) {
    let name = ["width", "height", "geometry", "version", "sensor_resolution"][next() % 5]
    let kind = type()
    defer { H5Tclose(kind) }
    var extent = hsize_t(next())
    let space = next() % 2 == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &extent, nil)
    defer { H5Sclose(space) }
    let attribute = H5Acreate2(file, name, kind, space, 0, 0)
    guard attribute >= 0 else { return }
    defer { H5Aclose(attribute) }
    write(kind, count: Int(max(H5Sget_simple_extent_npoints(space), 0))) { H5Awrite(attribute, kind, $0) }
  }

  private mutating func writeDataset(_ file: hid_t) {
    let path = Self.paths[next() % Self.paths.count]
    let parts = path.split(separator: "/")
    for depth in 1..<max(parts.count, 1) {
      let group = parts.prefix(depth).joined(separator: "/")
      if H5Lexists(file, group, 0) <= 0 { H5Gclose(H5Gcreate2(file, group, 0, 0, 0)) }
    }
    let kind = type()
    defer { H5Tclose(kind) }
    let rank = [1, 1, 1, 1, 1, 0, 2, 3][next() % 8]
    var extents = (0..<max(rank, 1)).map { _ in Self.extents[next() % Self.extents.count] }
    let space = rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(Int32(rank), &extents, nil)
    defer { H5Sclose(space) }
    let properties = H5Pcreate(hdf5_dataset_creation())
    defer { H5Pclose(properties) }
    let layout = next()
    if layout % 4 == 0 { H5Pset_layout(properties, H5D_COMPACT) }
    if layout % 4 == 1, rank > 0 {
      var chunk = extents.map { _ in hsize_t(1) << hsize_t(next() % 31) }
      H5Pset_chunk(properties, Int32(rank), &chunk)
      if layout & 4 != 0 { H5Pset_deflate(properties, 1) }
      if layout & 8 != 0 { H5Pset_shuffle(properties) }
    }
    // Nothing is filled in beforehand: extents may be beyond all memory.
    H5Pset_fill_time(properties, H5D_FILL_TIME_NEVER)
    H5Pset_alloc_time(properties, H5D_ALLOC_TIME_INCR)
    let dataset = H5Dcreate2(file, path, kind, space, 0, properties, 0)
    guard dataset >= 0 else { return }
    defer { H5Dclose(dataset) }
    let count = H5Sget_simple_extent_npoints(space)
    guard (1...1000).contains(count), next() % 4 != 0 else { return }
    write(kind, count: Int(count)) { H5Dwrite(dataset, kind, 0, 0, 0, $0) }
  }

  /// Writes bytes of the input over and over; lists get as many values as the input says.
  private mutating func write(_ kind: hid_t, count: Int, _ body: (UnsafeRawPointer) -> herr_t) {
    let size = H5Tget_size(kind)
    guard count * size <= 1 << 16, count * size > 0 else { return }
    let pattern = Array(input.prefix(64)) + [0]
    input = input.dropFirst(16)
    if H5Tget_class(kind) == H5T_VLEN {
      let parent = H5Tget_super(kind)
      defer { H5Tclose(parent) }
      // Lists of plain numbers alone: others hold pointers.
      guard H5Tget_class(parent) == H5T_INTEGER || H5Tget_class(parent) == H5T_FLOAT else { return }
      let room = [UInt8]((0..<256 * 8).map { pattern[$0 % pattern.count] })
      room.withUnsafeBytes { room in
        guard let base = room.baseAddress else { return }
        let lists = (0..<count).map {
          hvl_t(len: Int(pattern[$0 % pattern.count]), p: UnsafeMutableRawPointer(mutating: base))
        }
        lists.withUnsafeBytes { if let base = $0.baseAddress { _ = body(base) } }
      }
      return
    }
    guard H5Tdetect_class(kind, H5T_VLEN) <= 0, H5Tdetect_class(kind, H5T_STRING) <= 0 || H5Tis_variable_str(kind) <= 0,
      H5Tget_class(kind) != H5T_COMPOUND || H5Tdetect_class(kind, H5T_STRING) <= 0,
      H5Tget_class(kind) != H5T_ARRAY || H5Tdetect_class(kind, H5T_STRING) <= 0
    else { return }
    let bytes = (0..<count * size).map { pattern[$0 % pattern.count] }
    bytes.withUnsafeBytes { if let base = $0.baseAddress { _ = body(base) } }
  }
}
