import CHDF5
import CKernels
import Glibc
import Synchronization

/// The library keeps global state: one thread at a time.
private let hdf5Lock = Mutex(())

/// Runs `body` alone in libhdf5, which prints nothing by itself.
func withHDF5<Result: Sendable, Failure: Error>(
  _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  let result: Swift.Result<Result, Failure> = hdf5Lock.withLock { _ in
    HDF5Library.start()
    do throws(Failure) {
      return .success(try body())
    } catch {
      return .failure(error)
    }
  }
  return try result.get()
}

/// Start of libhdf5 and the filters that are built in here.
enum HDF5Library {
  /// LZF, which h5py and tonic use.
  private static let lzf: Int32 = 32000

  /// At the end of the program the library would write what a full disk has not let it write, and crash.
  private static let leavesTheEndAlone: Void = { _ = H5dont_atexit() }()

  static func start() {
    leavesTheEndAlone
    H5open()
    H5Eset_auto2(0, nil, nil)
    if H5Zfilter_avail(lzf) <= 0 { register() }
  }

  private static func register() {
    var filter = H5Z_class2_t()
    filter.version = 1
    filter.id = lzf
    filter.encoder_present = 0
    filter.decoder_present = 1
    filter.filter = { flags, count, values, size, bufferSize, buffer in
      // Only unpacking is offered. The third value is the size of a chunk before packing.
      guard flags & UInt32(H5Z_FLAG_REVERSE) != 0, let buffer, let bufferSize, let packed = buffer.pointee else {
        return 0
      }
      var room = count >= 3 ? Int(values?[2] ?? 0) : 0
      if room <= 0 { room = 16 * size }
      guard room <= HDF5File.maximumChunk, let unpacked = malloc(room) else { return 0 }
      let written = ganglion_decompress_lzf(
        packed.assumingMemoryBound(to: UInt8.self), Int64(size), unpacked.assumingMemoryBound(to: UInt8.self),
        Int64(room))
      guard written > 0 else {
        free(unpacked)
        return 0
      }
      free(packed)
      buffer.pointee = unpacked
      bufferSize.pointee = room
      return Int(written)
    }
    H5Zregister(&filter)
  }
}

/// One HDF5 file, open for reading. Its identifiers are closed with it.
final class HDF5File: Sendable {
  /// Largest chunk that is unpacked in memory.
  static let maximumChunk = 16 << 20

  let file: SeekableFile
  let identifier: Int64

  init(_ file: SeekableFile) throws(EventFormatError) {
    self.file = file
    let opened = withHDF5 { H5Fopen(file.path, 0, 0) }
    file.forgetName()
    guard opened >= 0 else {
      throw EventFormatError(
        .malformedHeader, source: file.name, reason: "libhdf5 cannot open it",
        remedy: "the file was cut or damaged: repair it with the tools it was written with")
    }
    identifier = opened
  }

  deinit {
    let identifier = identifier
    withHDF5 { _ = H5Fclose(identifier) }
  }

  /// Whole numbers kept as an attribute of an object, at most two; nil where there is none.
  func numbers(attribute name: String, of path: String) -> [Int64]? {
    withHDF5 {
      let place = "/" + path
      guard Self.exists(path, in: identifier), H5Aexists_by_name(identifier, place, name, 0) > 0 else { return nil }
      let attribute = H5Aopen_by_name(identifier, place, name, 0, 0)
      guard attribute >= 0 else { return nil }
      defer { H5Aclose(attribute) }
      // Reading takes all values there are: there must be room for them.
      let count = Self.valueCount(attribute)
      guard (1...2).contains(count) else { return nil }
      var values = [Int64](repeating: 0, count: count)
      return H5Aread(attribute, hdf5_native_int64(), &values) >= 0 ? values : nil
    }
  }

  /// A text kept as an attribute of an object.
  func text(attribute name: String, of path: String) -> String? {
    withHDF5 {
      let place = "/" + path
      guard Self.exists(path, in: identifier), H5Aexists_by_name(identifier, place, name, 0) > 0 else { return nil }
      let attribute = H5Aopen_by_name(identifier, place, name, 0, 0)
      guard attribute >= 0 else { return nil }
      defer { H5Aclose(attribute) }
      let type = H5Aget_type(attribute)
      defer { H5Tclose(type) }
      guard H5Tget_class(type) == H5T_STRING, Self.valueCount(attribute) == 1 else { return nil }
      if H5Tis_variable_str(type) > 0 {
        var pointer: UnsafeMutablePointer<CChar>?
        guard H5Aread(attribute, type, &pointer) >= 0, let pointer else { return nil }
        defer { H5free_memory(pointer) }
        return String(cString: pointer)
      }
      var bytes = [UInt8](repeating: 0, count: min(H5Tget_size(type), 1 << 16))
      guard H5Tget_size(type) == bytes.count, H5Aread(attribute, type, &bytes) >= 0 else { return nil }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Number of values of an attribute.
  static func valueCount(_ attribute: Int64) -> Int {
    let space = H5Aget_space(attribute)
    defer { H5Sclose(space) }
    return Int(max(H5Sget_simple_extent_npoints(space), 0))
  }

  /// The whole numbers in a dataset of one or two values.
  func numbers(dataset path: String) -> [Int64]? {
    withHDF5 {
      guard Self.exists(path, in: identifier) else { return nil }
      let dataset = H5Dopen2(identifier, path, 0)
      guard dataset >= 0 else { return nil }
      defer { H5Dclose(dataset) }
      let space = H5Dget_space(dataset)
      defer { H5Sclose(space) }
      let count = H5Sget_simple_extent_npoints(space)
      guard (1...2).contains(count) else { return nil }
      var values = [Int64](repeating: 0, count: Int(count))
      return H5Dread(dataset, hdf5_native_int64(), 0, 0, 0, &values) >= 0 ? values : nil
    }
  }

  /// Whether a path leads to an object: every link on the way has to be looked at.
  static func exists(_ path: String, in file: Int64) -> Bool {
    var prefix = ""
    for part in path.split(separator: "/") {
      prefix += "/" + part
      guard H5Lexists(file, prefix, 0) > 0 else { return false }
    }
    return true
  }

  /// Opens a dataset, nil when there is none under the path.
  func dataset(_ path: String) throws(EventFormatError) -> HDF5Dataset? {
    let found: Int64 = withHDF5 { Self.exists(path, in: identifier) ? H5Dopen2(identifier, path, 0) : -1 }
    guard found >= 0 else { return nil }
    return try HDF5Dataset(found, path: path, file: self)
  }
}
