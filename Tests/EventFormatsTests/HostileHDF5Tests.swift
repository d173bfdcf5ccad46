import CHDF5
import Foundation
import TestSupport
import Testing

@testable import EventFormats

/// HDF5 files whose structure is sound and whose contents lie.
@Suite struct HostileHDF5Tests {
  private let path = NSTemporaryDirectory() + "hostile-\(UUID().uuidString).h5"

  /// Makes a file with whatever `body` puts into it and gives its path to `check`.
  private func withFile(_ body: (hid_t) -> Void, check: (String) throws -> Void) throws {
    withHDF5 {
      let file = H5Fcreate(path, 2, 0, 0)
      body(file)
      H5Fclose(file)
    }
    defer { try? FileManager.default.removeItem(atPath: path) }
    try check(path)
  }

  private func write<Value: BitwiseCopyable>(_ values: [Value], _ type: hid_t, _ name: String, in file: hid_t) {
    var count = hsize_t(values.count)
    let space = H5Screate_simple(1, &count, nil)
    let dataset = H5Dcreate2(file, name, type, space, 0, 0, 0)
    _ = values.withUnsafeBytes { H5Dwrite(dataset, type, 0, 0, 0, $0.baseAddress) }
    H5Dclose(dataset)
    H5Sclose(space)
  }

  private func writeColumns(_ file: hid_t) {
    H5Gclose(H5Gcreate2(file, "events", 0, 0, 0))
    for name in "txyp" { write([1, 0, 1] as [Int64], hdf5_native_int64(), "events/\(name)", in: file) }
  }

  private func writeAttribute(_ count: Int, _ type: hid_t, _ name: String, _ bytes: [UInt8], in file: hid_t) {
    var count = hsize_t(count)
    let space = H5Screate_simple(1, &count, nil)
    let attribute = H5Acreate2(file, name, type, space, 0, 0)
    H5Awrite(attribute, type, bytes)
    H5Aclose(attribute)
    H5Sclose(space)
  }

  @Test func attributesWithMoreValuesThanOneAreNotRead() throws {
    try withFile { file in
      writeColumns(file)
      // Thousands of values would be written over what lies behind a place for one.
      writeAttribute(4000, hdf5_native_int64(), "width", [UInt8](repeating: 1, count: 32000), in: file)
      writeAttribute(4000, hdf5_native_int64(), "height", [UInt8](repeating: 1, count: 32000), in: file)
      writeAttribute(4000, hdf5_c_string(), "geometry", [UInt8](repeating: 0x37, count: 4000), in: file)
    } check: { path in
      var reader = try openEventReader(path: path)
      #expect(reader.geometry == nil)
      #expect(try readAllEvents(&reader).times == [1, 0, 1])
    }
  }

  @Test func spikesWithoutTimeOrUnitAreCountedNotConverted() throws {
    try withFile { file in
      H5Gclose(H5Gcreate2(file, "spikes", 0, 0, 0))
      let list = H5Tvlen_create(hdf5_native_double())
      let lists: [(String, [Double])] = [
        ("times", [.nan, 0.5, .infinity, -1e300]), ("units", [1, 2, .nan, 1e300]),
      ]
      for (name, values) in lists {
        values.withUnsafeBufferPointer { values in
          let entry = hvl_t(len: values.count, p: UnsafeMutableRawPointer(mutating: values.baseAddress))
          write([entry], list, "spikes/\(name)", in: file)
        }
      }
      H5Tclose(list)
    } check: { path in
      var reader = try openEventReader(path: path)
      #expect(try readAllEvents(&reader).times == [500_000])
      #expect(reader.accounting.violations[.addressOutOfRange]?.count == 3)
    }
  }

  @Test(arguments: ["events/t", "spikes/times"]) func rowsThatWereNeverWrittenAreRefused(name: String) throws {
    try withFile { file in
      H5Gclose(H5Gcreate2(file, String(name.prefix { $0 != "/" }), 0, 0, 0))
      let list = H5Tvlen_create(hdf5_native_double())
      var count: hsize_t = 1 << 60
      let space = H5Screate_simple(1, &count, nil)
      let properties = H5Pcreate(hdf5_dataset_creation())
      var chunk: hsize_t = 1024
      H5Pset_chunk(properties, 1, &chunk)
      let isList = name.hasPrefix("spikes")
      for name in isList ? ["spikes/times", "spikes/units"] : ["events/t", "events/x", "events/y", "events/p"] {
        H5Dclose(H5Dcreate2(file, name, isList ? list : hdf5_native_int64(), space, 0, properties, 0))
      }
      H5Pclose(properties)
      H5Sclose(space)
      H5Tclose(list)
    } check: { path in
      let error = #expect(throws: EventFormatError.self) { try openEventReader(path: path) }
      #expect(error?.code == .implausibleSize)
      #expect(throws: EventFormatError.self) { try SpikeListFile(contentsOf: path) }
    }
  }
}
