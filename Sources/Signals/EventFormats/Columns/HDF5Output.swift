import CHDF5
import Events
import Glibc
import OutputFiles
import Synchronization

/// An HDF5 file that grows while events come.
final class HDF5Output: Sendable {
  private struct Handles: Sendable {
    var file: Int64
    var datasets: [Int64]
    /// Made with the first of them.
    var triggers: Int64 = -1
  }

  /// What errors call it.
  private let name: String
  private let layout: HDF5Layout
  private let handles: Mutex<Handles>

  init(path: String, name: String, layout: HDF5Layout, geometry: SensorGeometry?) throws(EventFormatError) {
    self.name = name
    self.layout = layout
    errno = 0
    let opened: Handles? = withHDF5 {
      // 2 is H5F_ACC_TRUNC, a macro Swift does not see.
      let file = H5Fcreate(path, 2, 0, 0)
      guard file >= 0 else { return nil }
      if let geometry {
        Self.write(number: Int64(geometry.width), as: "width", to: file)
        Self.write(number: Int64(geometry.height), as: "height", to: file)
        Self.write(text: geometry.description, as: "geometry", to: file)
      }
      let datasets: [Int64]
      switch layout {
      case .columns:
        H5Gclose(H5Gcreate2(file, "events", 0, 0, 0))
        datasets = [
          Self.dataset("events/t", hdf5_native_int64(), in: file),
          Self.dataset("events/x", hdf5_native_uint16(), in: file),
          Self.dataset("events/y", hdf5_native_uint16(), in: file),
          Self.dataset("events/p", hdf5_native_uint8(), in: file),
        ]
      case .prophesee, .tonic:
        H5Gclose(H5Gcreate2(file, layout == .tonic ? "data" : "CD", 0, 0, 0))
        let type = H5Tcreate(H5T_COMPOUND, layout == .tonic ? 13 : 14)
        defer { H5Tclose(type) }
        H5Tinsert(type, "x", 0, layout == .tonic ? hdf5_native_int16() : hdf5_native_uint16())
        H5Tinsert(type, "y", 2, layout == .tonic ? hdf5_native_int16() : hdf5_native_uint16())
        if layout == .tonic {
          H5Tinsert(type, "t", 4, hdf5_native_int64())
          H5Tinsert(type, "p", 12, hdf5_native_uint8())
        } else {
          H5Tinsert(type, "p", 4, hdf5_native_int16())
          H5Tinsert(type, "t", 6, hdf5_native_int64())
        }
        datasets = [Self.dataset(layout.recordPath ?? "events", type, in: file)]
      }
      return datasets.allSatisfy { $0 >= 0 } ? Handles(file: file, datasets: datasets) : nil
    }
    // What was opened stays so, as after every failure: closing would write.
    guard let opened else { throw Self.failure(name, errno) }
    handles = Mutex(opened)
  }

  // What is given up is not closed: the library would write, and a full disk may be why it is given up.

  /// - Parameter number: the system's error number; the library leaves it as it was when it gave up.
  private static func failure(_ name: String, _ number: Int32) -> EventFormatError {
    EventFormatError(OutputFileError(path: name, number: number == 0 ? EIO : number))
  }

  private static func dataset(_ path: String, _ type: Int64, in file: Int64) -> Int64 {
    var extent: hsize_t = 0
    var unlimited = hsize_t.max
    let space = H5Screate_simple(1, &extent, &unlimited)
    defer { H5Sclose(space) }
    let properties = H5Pcreate(hdf5_dataset_creation())
    defer { H5Pclose(properties) }
    var chunk: hsize_t = 65536
    H5Pset_chunk(properties, 1, &chunk)
    H5Pset_shuffle(properties)
    H5Pset_deflate(properties, 4)
    return H5Dcreate2(file, path, type, space, 0, properties, 0)
  }

  private static func write(number: Int64, as name: String, to file: Int64) {
    let space = H5Screate(H5S_SCALAR)
    let attribute = H5Acreate2(file, name, hdf5_native_int64(), space, 0, 0)
    var value = number
    H5Awrite(attribute, hdf5_native_int64(), &value)
    H5Aclose(attribute)
    H5Sclose(space)
  }

  private static func write(text: String, as name: String, to file: Int64) {
    let space = H5Screate(H5S_SCALAR)
    let type = H5Tcopy(hdf5_c_string())
    var bytes = Array(text.utf8)
    H5Tset_size(type, bytes.count)
    let attribute = H5Acreate2(file, name, type, space, 0, 0)
    H5Awrite(attribute, type, &bytes)
    H5Aclose(attribute)
    H5Tclose(type)
    H5Sclose(space)
  }

  /// Appends a batch after `count` events that are there.
  func append(_ batch: EventBatch, at count: Int64) throws(EventFormatError) {
    let datasets = handles.withLock { $0.datasets }
    errno = 0
    let isGood = withHDF5 {
      switch layout {
      case .columns:
        var times = batch.times
        var x = batch.x
        var y = batch.y
        var polarities = batch.polarities
        return Self.append(&times, hdf5_native_int64(), batch.count, to: datasets[0], at: count)
          && Self.append(&x, hdf5_native_uint16(), batch.count, to: datasets[1], at: count)
          && Self.append(&y, hdf5_native_uint16(), batch.count, to: datasets[2], at: count)
          && Self.append(&polarities, hdf5_native_uint8(), batch.count, to: datasets[3], at: count)
      case .prophesee, .tonic:
        let type = H5Tcreate(H5T_COMPOUND, 32)
        defer { H5Tclose(type) }
        for (slot, name) in ["t", "x", "y", "p"].enumerated() { H5Tinsert(type, name, 8 * slot, hdf5_native_int64()) }
        var records = (0..<batch.count).flatMap { index in
          [batch.times[index], Int64(batch.x[index]), Int64(batch.y[index]), Int64(batch.polarities[index])]
        }
        return Self.append(&records, type, batch.count, to: datasets[0], at: count)
      }
    }
    if !isGood { throw abandoned(errno) }
  }

  /// Appends triggers after `count` that are there.
  func append(_ triggers: [TriggerEvent], at count: Int64) throws(EventFormatError) {
    let file = handles.withLock { $0.file }
    var dataset = handles.withLock { $0.triggers }
    let isGood = withHDF5 {
      if dataset < 0 {
        H5Gclose(H5Gcreate2(file, "EXT_TRIGGER", 0, 0, 0))
        let type = H5Tcreate(H5T_COMPOUND, 12)
        defer { H5Tclose(type) }
        H5Tinsert(type, "p", 0, hdf5_native_int16())
        H5Tinsert(type, "t", 2, hdf5_native_int64())
        H5Tinsert(type, "id", 10, hdf5_native_int16())
        dataset = Self.dataset(HDF5Triggers.path, type, in: file)
      }
      let type = H5Tcreate(H5T_COMPOUND, 24)
      defer { H5Tclose(type) }
      for (slot, name) in ["p", "t", "id"].enumerated() { H5Tinsert(type, name, 8 * slot, hdf5_native_int64()) }
      var records: [Int64] = triggers.flatMap { [$0.isRising ? 1 : 0, $0.timeMicroseconds, Int64($0.channel)] }
      return dataset >= 0 && Self.append(&records, type, triggers.count, to: dataset, at: count)
    }
    handles.withLock { $0.triggers = dataset }
    if !isGood { throw abandoned(errno) }
  }

  private static func append(
    _ values: UnsafeMutableRawPointer, _ type: Int64, _ number: Int, to dataset: Int64, at count: Int64
  ) -> Bool {
    var extent = hsize_t(count) + hsize_t(number)
    guard H5Dset_extent(dataset, &extent) >= 0 else { return false }
    let space = H5Dget_space(dataset)
    defer { H5Sclose(space) }
    var start = hsize_t(count)
    var length = hsize_t(number)
    guard H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nil, &length, nil) >= 0 else { return false }
    let memory = H5Screate_simple(1, &length, nil)
    defer { H5Sclose(memory) }
    return H5Dwrite(dataset, type, memory, space, 0, values) >= 0
  }

  /// Writes everything out.
  func finish() throws(EventFormatError) {
    let file = handles.withLock { $0.file }
    errno = 0
    guard withHDF5({ H5Fflush(file, H5F_SCOPE_GLOBAL) }) >= 0 else { throw abandoned(errno) }
    guard close() else { throw Self.failure(name, errno) }
  }

  /// The failure, after which nothing more is written: the library would try again at closing, and crash.
  private func abandoned(_ number: Int32) -> EventFormatError {
    handles.withLock { $0 = Handles(file: -1, datasets: []) }
    return Self.failure(name, number)
  }

  /// Whether all is written.
  private func close() -> Bool {
    let open = handles.withLock { handles in
      defer { handles = Handles(file: -1, datasets: []) }
      return handles
    }
    guard open.file >= 0 else { return true }
    return withHDF5 {
      let areClosed = (open.datasets + [open.triggers]).filter { $0 >= 0 }.map { H5Dclose($0) >= 0 }
      return H5Fclose(open.file) >= 0 && areClosed.allSatisfy { $0 }
    }
  }
}
