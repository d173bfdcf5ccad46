import CHDF5

/// One one-dimensional dataset of an HDF5 file, read in stretches.
final class HDF5Dataset: Sendable {
  let path: String
  let count: Int
  /// Names of the fields of a compound type, empty for a plain one.
  let fieldNames: [String]
  /// Whether the values, or the field of that number, are floating point.
  let areFloats: [Bool]
  /// Whether each value is a list of its own.
  let isListOfLists: Bool
  private let identifier: Int64
  // Keeps the file open.
  private let file: HDF5File

  init(_ identifier: Int64, path: String, file: HDF5File) throws(EventFormatError) {
    self.identifier = identifier
    self.path = path
    self.file = file
    struct Facts: Sendable {
      var rank: Int32 = 0
      var count = 0
      var names: [String] = []
      var floats: [Bool] = []
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
      let type = H5Dget_type(identifier)
      defer { H5Tclose(type) }
      switch H5Tget_class(type) {
      case H5T_COMPOUND:
        for index in 0..<UInt32(max(H5Tget_nmembers(type), 0)) {
          guard let name = H5Tget_member_name(type, index) else { continue }
          facts.names.append(String(cString: name))
          facts.floats.append(H5Tget_member_class(type, index) == H5T_FLOAT)
          H5free_memory(name)
        }
      case H5T_VLEN:
        facts.isList = true
        facts.floats = [true]
      case let kind:
        facts.floats = [kind == H5T_FLOAT]
      }
      facts.isPlausible = Self.isPlausible(identifier, count: facts.count, valueBytes: H5Tget_size(type))
      let properties = H5Dget_create_plist(identifier)
      defer { H5Pclose(properties) }
      for index in 0..<UInt32(max(H5Pget_nfilters(properties), 0)) {
        var flags: UInt32 = 0
        var values = 0
        let filter = H5Pget_filter2(properties, index, &flags, &values, nil, 0, nil, nil)
        if H5Zfilter_avail(filter) <= 0 { facts.missingFilter = filter }
      }
      if H5Pget_layout(properties) == H5D_CHUNKED {
        var extent: hsize_t = 0
        if facts.rank == 1, H5Pget_chunk(properties, 1, &extent) == 1 {
          facts.chunkBytes = Int(
            clamping: extent.multipliedReportingOverflow(by: hsize_t(H5Tget_size(type))).partialValue)
        }
      }
      return facts
    }
    count = facts.count
    fieldNames = facts.names
    areFloats = facts.floats
    isListOfLists = facts.isList
    guard facts.rank == 1 else {
      throw EventFormatError(
        .unsupported, source: file.file.name, reason: "dataset \(path) has \(facts.rank) dimensions, 1 is read",
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

  /// Reads some rows of fields (or of the plain values for no fields) as one column each, row after row:
  /// floats are multiplied by `scale` and rounded, whole numbers taken as they are.
  func read(
    rows range: Range<Int>, fields: [Int], scales: [Double]
  ) throws(EventFormatError) -> [[Int64]] {
    let width = max(fields.count, 1)
    let isReal = fields.isEmpty ? [areFloats.first ?? false] : fields.map { areFloats[$0] }
    let isPlainReal = fields.isEmpty && isReal[0]
    var whole = [Int64](repeating: 0, count: isPlainReal ? 0 : range.count * width)
    var real = [Double](repeating: 0, count: isPlainReal ? range.count : 0)
    let isGood = withHDF5 {
      let space = H5Dget_space(identifier)
      defer { H5Sclose(space) }
      var start = hsize_t(range.lowerBound)
      var count = hsize_t(range.count)
      guard H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nil, &count, nil) >= 0 else { return false }
      let memory = H5Screate_simple(1, &count, nil)
      defer { H5Sclose(memory) }
      if fields.isEmpty {
        return isPlainReal
          ? H5Dread(identifier, hdf5_native_double(), memory, space, 0, &real) >= 0
          : H5Dread(identifier, hdf5_native_int64(), memory, space, 0, &whole) >= 0
      }
      // Eight bytes a field: those that are floating point are converted to double, the rest to 64-bit integers.
      let type = H5Tcreate(H5T_COMPOUND, 8 * width)
      defer { H5Tclose(type) }
      for (slot, field) in fields.enumerated() {
        H5Tinsert(type, fieldNames[field], 8 * slot, isReal[slot] ? hdf5_native_double() : hdf5_native_int64())
      }
      return H5Dread(identifier, type, memory, space, 0, &whole) >= 0
    }
    guard isGood else { throw failure(range.lowerBound) }
    if isPlainReal { return [real.map { Self.whole(($0 * scales[0]).rounded(.toNearestOrEven)) }] }
    if width == 1, !isReal[0] { return [whole] }
    return (0..<width).map { slot in
      stride(from: slot, to: whole.count, by: width).map { index in
        guard isReal[slot] else { return whole[index] }
        let value = Double(bitPattern: UInt64(bitPattern: whole[index]))
        return Self.whole((value * scales[slot]).rounded(.toNearestOrEven))
      }
    }
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
