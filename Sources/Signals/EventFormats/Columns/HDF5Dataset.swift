import CHDF5
import CKernels

/// One dataset of an HDF5 file with one or two dimensions, read in stretches.
final class HDF5Dataset: Sendable {
  let path: String
  /// Number of values, or of rows where there are two dimensions.
  let count: Int
  /// Values of a row; nil for one dimension, and for two of which one has a single value, as MATLAB keeps columns.
  let width: Int?
  /// Names of the fields of a compound type, empty for a plain one.
  let fieldNames: [String]
  /// How the values, or the field of that number, are kept.
  let types: [ganglion_column_type]
  /// Whether each value is a list of its own.
  let isListOfLists: Bool
  private let identifier: Int64
  /// Number of dimensions.
  private let rank: Int
  /// Which dimension is the longer one of a column.
  private let columnAxis: Int
  // Keeps the file open.
  private let file: HDF5File

  init(_ identifier: Int64, path: String, file: HDF5File) throws(EventFormatError) {
    self.identifier = identifier
    self.path = path
    self.file = file
    struct Facts: Sendable {
      var rank: Int32 = 0
      var extents: [hsize_t] = [0, 0]
      var count = 0
      var names: [String] = []
      var types: [ganglion_column_type] = []
      var isList = false
      var missingFilter: Int32?
      var chunkBytes = 0
      var isPlausible = false
    }
    let facts = withHDF5 {
      var facts = Facts()
      let space = H5Dget_space(identifier)
      defer { H5Sclose(space) }
      facts.rank = H5Sget_simple_extent_ndims(space)
      facts.count = Int(max(H5Sget_simple_extent_npoints(space), 0))
      if (1...2).contains(facts.rank) { H5Sget_simple_extent_dims(space, &facts.extents, nil) }
      let type = H5Dget_type(identifier)
      defer { H5Tclose(type) }
      switch H5Tget_class(type) {
      case H5T_COMPOUND:
        for index in 0..<UInt32(max(H5Tget_nmembers(type), 0)) {
          guard let name = H5Tget_member_name(type, index) else { continue }
          facts.names.append(String(cString: name))
          let member = H5Tget_member_type(type, index)
          facts.types.append(Self.kind(of: member))
          H5Tclose(member)
          H5free_memory(name)
        }
      case H5T_VLEN:
        facts.isList = facts.rank == 1
        facts.types = [ganglion_column_type(kind: -1, size: 0, is_swapped: 0)]
      default:
        facts.types = [Self.kind(of: type)]
      }
      // More values than can be counted are a small number of them to libhdf5.
      let isBeyond =
        facts.rank == 2
        && Int(clamping: facts.extents[0]).multipliedReportingOverflow(by: Int(clamping: facts.extents[1])).overflow
      facts.isPlausible =
        !isBeyond && Self.isPlausible(identifier, count: facts.count, valueBytes: H5Tget_size(type))
      let properties = H5Dget_create_plist(identifier)
      defer { H5Pclose(properties) }
      for index in 0..<UInt32(max(H5Pget_nfilters(properties), 0)) {
        var flags: UInt32 = 0
        var values = 0
        let filter = H5Pget_filter2(properties, index, &flags, &values, nil, 0, nil, nil)
        if H5Zfilter_avail(filter) <= 0 { facts.missingFilter = filter }
      }
      if H5Pget_layout(properties) == H5D_CHUNKED {
        var chunk: [hsize_t] = [0, 0]
        if (1...2).contains(facts.rank), H5Pget_chunk(properties, facts.rank, &chunk) == facts.rank {
          facts.chunkBytes = chunk.prefix(Int(facts.rank)).reduce(Int(H5Tget_size(type))) { bytes, extent in
            let (product, isBeyond) = bytes.multipliedReportingOverflow(by: Int(clamping: extent))
            return isBeyond ? .max : product
          }
        }
      }
      return facts
    }
    let isTable = facts.rank == 2 && !facts.extents.contains(1)
    count = isTable ? Int(clamping: facts.extents[0]) : facts.count
    width = isTable ? Int(clamping: facts.extents[1]) : nil
    rank = Int(facts.rank)
    columnAxis = facts.rank == 2 && facts.extents[0] == 1 ? 1 : 0
    fieldNames = facts.names
    types = facts.types
    isListOfLists = facts.isList
    guard (1...2).contains(facts.rank) else {
      throw EventFormatError(
        .unsupported, source: file.file.name, reason: "dataset \(path) has \(facts.rank) dimensions, 1 and 2 are read",
        remedy: "save events as one row each")
    }
    if let filter = facts.missingFilter {
      let name = filter == 0x8ECF ? "Prophesee's ECF codec" : filter == 32001 ? "Blosc" : "filter \(filter)"
      throw EventFormatError(
        .unsupported, source: file.file.name, reason: "dataset \(path) is compressed with \(name), which libhdf5 lacks",
        remedy:
          "install its plugin and name its folder in HDF5_PLUGIN_PATH, or convert the file with the camera's tools")
    }
    guard facts.isPlausible else {
      throw EventFormatError(
        .implausibleSize, source: file.file.name,
        reason: "dataset \(path) has \(facts.count) rows, far more than what is stored of it can hold",
        remedy: "the file was cut or damaged: repair it with the tools it was written with")
    }
    guard facts.chunkBytes <= HDF5File.maximumChunk else {
      throw EventFormatError(
        .implausibleSize, source: file.file.name,
        reason:
          "dataset \(path) has chunks of \(facts.chunkBytes) bytes, at most \(HDF5File.maximumChunk) are unpacked",
        remedy: "rewrite it with smaller chunks (h5repack -l CHUNK=65536)")
    }
  }

  /// Whether a dataset can have so many values. What was never written reads as filling, however much the file says
  /// there is; deflate packs 1032 bytes into one at best.
  static func isPlausible(_ identifier: Int64, count: Int, valueBytes: Int) -> Bool {
    let (claimed, isBeyond) = valueBytes.multipliedReportingOverflow(by: count)
    return !isBeyond && UInt64(claimed) / 65536 <= max(H5Dget_storage_size(identifier), 64)
  }

  deinit {
    let identifier = identifier
    withHDF5 { _ = H5Dclose(identifier) }
  }

  private func failure(_ start: Int) -> EventFormatError {
    EventFormatError(
      .malformedHeader, source: file.file.name, reason: "dataset \(path) cannot be read from row \(start) on",
      remedy: "the file was cut or damaged: repair it with the tools it was written with")
  }

  /// Kind and size of the numbers of a type; a kind of -1 where it has none.
  private static func kind(of type: hid_t) -> ganglion_column_type {
    let size = H5Tget_size(type)
    let kind: Int32 =
      switch H5Tget_class(type) {
      case H5T_FLOAT: Int32(GANGLION_COLUMN_FLOAT)
      case H5T_INTEGER:
        H5Tget_sign(type) == H5T_SGN_NONE ? Int32(GANGLION_COLUMN_UNSIGNED) : Int32(GANGLION_COLUMN_SIGNED)
      // How h5py keeps booleans.
      case H5T_ENUM: Int32(GANGLION_COLUMN_SIGNED)
      default: -1
      }
    return ganglion_column_type(kind: kind, size: Int32(clamping: size), is_swapped: 0)
  }

  /// The type of values as `read` gives them.
  static func read(_ type: ganglion_column_type) -> ganglion_column_type {
    let kind = type.isFloatingPoint ? Int32(GANGLION_COLUMN_FLOAT) : Int32(GANGLION_COLUMN_SIGNED)
    return ganglion_column_type(kind: kind, size: 8, is_swapped: 0)
  }

  /// What -1 looks like in a column of polarities that was read: the largest number of its type without a sign. Numbers
  /// of eight bytes without a sign end at the largest with one.
  static func minusOne(_ type: ganglion_column_type) -> Int64 {
    type.kind == Int32(GANGLION_COLUMN_UNSIGNED) && type.size >= 8 ? .max : type.minusOne
  }

  /// Reads some rows as eight bytes a value, row after row: all of a plain type, or some fields of a compound one.
  /// What is floating point becomes a double, all else an integer.
  func read(rows range: Range<Int>, fields: [Int] = []) throws(EventFormatError) -> [Int64] {
    var start = [Int](repeating: 0, count: rank)
    var extents = [Int](repeating: width ?? 1, count: rank)
    start[columnAxis] = range.lowerBound
    extents[columnAxis] = range.count
    return try read(from: start, extents: extents, fields: fields)
  }

  /// Reads some columns of all rows of a dataset of two dimensions, row after row.
  func read(columns range: Range<Int>) throws(EventFormatError) -> [Int64] {
    try read(from: [0, range.lowerBound], extents: [count, range.count], fields: [])
  }

  private func read(from start: [Int], extents: [Int], fields: [Int]) throws(EventFormatError) -> [Int64] {
    let values = extents.reduce(max(fields.count, 1), *)
    var bytes = [Int64](repeating: 0, count: values)
    let isGood = withHDF5 {
      let space = H5Dget_space(identifier)
      defer { H5Sclose(space) }
      let first = start.map { hsize_t($0) }
      let counts = extents.map { hsize_t($0) }
      guard H5Sselect_hyperslab(space, H5S_SELECT_SET, first, nil, counts, nil) >= 0 else { return false }
      let memory = H5Screate_simple(Int32(counts.count), counts, nil)
      defer { H5Sclose(memory) }
      func native(_ type: ganglion_column_type) -> hid_t {
        type.isFloatingPoint ? hdf5_native_double() : hdf5_native_int64()
      }
      guard !fields.isEmpty else { return H5Dread(identifier, native(types[0]), memory, space, 0, &bytes) >= 0 }
      let type = H5Tcreate(H5T_COMPOUND, 8 * fields.count)
      defer { H5Tclose(type) }
      for (slot, field) in fields.enumerated() { H5Tinsert(type, fieldNames[field], 8 * slot, native(types[field])) }
      return H5Dread(identifier, type, memory, space, 0, &bytes) >= 0
    }
    guard isGood else { throw failure(start[columnAxis]) }
    return bytes
  }

  /// A whole number as an integer; the least there is for what is none or too large.
  static func whole(_ value: Double) -> Int64 { value > -9e18 && value < 9e18 ? Int64(value) : .min }

  /// The list at one row of a list of lists, as doubles.
  func list(at row: Int) throws(EventFormatError) -> [Double] {
    let values: [Double]? = withHDF5 {
      let type = H5Tvlen_create(hdf5_native_double())
      defer { H5Tclose(type) }
      let space = H5Dget_space(identifier)
      defer { H5Sclose(space) }
      var start = hsize_t(row)
      var count: hsize_t = 1
      guard H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nil, &count, nil) >= 0 else { return nil }
      let memory = H5Screate_simple(1, &count, nil)
      defer { H5Sclose(memory) }
      var list = hvl_t()
      guard H5Dread(identifier, type, memory, space, 0, &list) >= 0 else { return nil }
      defer { H5Dvlen_reclaim(type, memory, 0, &list) }
      guard let pointer = list.p else { return [] }
      return Array(
        UnsafeBufferPointer(start: pointer.assumingMemoryBound(to: Double.self), count: list.len))
    }
    guard let values else { throw failure(row) }
    return values
  }
}
