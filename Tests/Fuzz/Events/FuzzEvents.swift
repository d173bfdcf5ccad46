import EventFormats
import Events
import Glibc

@_silgen_name("LLVMFuzzerRunDriver")
func fuzzerRunDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Feeds bytes to one reader, named by the variable FUZZ_FORMAT, or to recognition and whatever it chooses (`any`).
/// For `hdf5-layouts` the bytes are the plan of an HDF5 file, which is made and read.
///
/// Beside crashes it looks for readers that break their own promises: more events than asked for, events outside the
/// sensor, books that do not balance, and no end.
@main
struct FuzzEvents {
  static let name = getenv("FUZZ_FORMAT").map { String(cString: $0) } ?? "any"
  static let format = EventFormat(rawValue: name)
  /// Kept from input to input, as programs keep theirs from block to block; reading replaces what it holds.
  // Unchecked: libFuzzer calls from one thread.
  nonisolated(unsafe) static var batch = EventBatch()

  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      withUnsafeMutablePointer(to: &arguments) { arguments in
        fuzzerRunDriver(&count, arguments) { FuzzEvents.feed(UnsafeBufferPointer(start: $0, count: $1)) }
      })
  }

  /// Formats in which few bytes can become many events.
  static let unpacking: Set<EventFormat> = [.hdf5, .npz, .rosbag1, .rosbag2, .mcap]

  static func feed(_ input: UnsafeBufferPointer<UInt8>) -> Int32 {
    let input = Array(input)
    let bytes = name == "hdf5-layouts" ? HDF5Layouts.image(input) : input
    run(bytes, plan: input)
    if name.hasPrefix("hdf5") { runSpikeList(bytes) }
    return 0
  }

  /// The other reader of HDF5: lists of spikes, by path.
  static func runSpikeList(_ bytes: [UInt8]) {
    let path = "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/fuzz-spikes-\(getpid())"
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    bytes.withUnsafeBytes { _ = write(descriptor, $0.baseAddress, $0.count) }
    close(descriptor)
    if let file = try? SpikeListFile(contentsOf: path) {
      precondition(file.recordings.allSatisfy { $0.times.count == $0.units.count }, "lists of unequal length")
    }
    unlink(path)
  }

  static func run(_ bytes: [UInt8], plan: [UInt8]) {
    // How the bytes arrive follows from the input, so that a finding can be repeated.
    let last = Int(plan.last ?? 0)
    // Small pieces and blocks are slow: they are tried in a few of all cases, and are larger for long inputs.
    let pieceSize = last & 15 == 15 ? 1 + bytes.count / 16 : last & 15 == 14 ? 3 + bytes.count / 32 : Int.max
    let maximum = last & 15 == 12 ? 1 + bytes.count / 64 : last & 15 == 11 ? 7 : 300
    var options = EventReadingOptions(format: format)
    options.strictness = last & 16 == 0 ? .report : .stop
    options.timeOrigin = last & 32 == 0 ? .absolute : .firstEvent
    if last & 64 != 0 { options.geometry = SensorGeometry(width: 320, height: 240) }
    if last & 128 != 0 { options.stream = "/e" }
    // What is compressed as a whole comes out longer than it is.
    let isPacked = bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd])
    let source = MemoryByteSource(bytes, pieceSize: pieceSize)
    guard var reader = try? openEventReader(source: source, options: options) else { return }
    var events: Int64 = 0
    var rounds = 0
    do throws(EventFormatError) {
      while try reader.read(into: &batch, maximum: maximum) {
        events += Int64(batch.count)
        rounds += 1
        precondition(batch.count <= maximum, "more events than asked for")
        // Packed, a thousand values and more come from one byte: of those files, the beginning is enough.
        if unpacking.contains(reader.format) || isPacked, rounds == 200 { break }
        precondition(rounds <= 64 * bytes.count + 64, "no end")
        precondition(!batch.isEmpty, "an empty batch that is not the end")
        if let geometry = reader.geometry {
          for index in 0..<batch.count {
            precondition(batch.x[index] < geometry.width && batch.y[index] < geometry.height, "outside the sensor")
          }
        }
      }
    } catch {
      // Members of an archive count from their own beginning.
      let end = error.source == source.name && !isPacked ? Int64(bytes.count) : .max
      precondition(error.byteOffset.map { (0...end).contains($0) } ?? true, "an offset outside the file")
    }
    precondition(reader.accounting.events == events, "books that do not balance")
    precondition(reader.accounting.bytesRead <= Int64(bytes.count) || isPacked, "more bytes than there are")
  }
}
