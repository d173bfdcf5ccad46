import EventFormats
import Events

#if canImport(Glibc)
  import Glibc
#endif

@_silgen_name("LLVMFuzzerRunDriver")
func fuzzerRunDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Feeds bytes to one reader, named by the variable FUZZ_FORMAT, or to recognition and whatever it chooses.
///
/// Beside crashes it looks for readers that break their own promises: more events than asked for, events outside the
/// sensor, books that do not balance, and no end.
@main
struct FuzzEvents {
  static let format = getenv("FUZZ_FORMAT").flatMap { EventFormat(rawValue: String(cString: $0)) }

  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      withUnsafeMutablePointer(to: &arguments) { arguments in
        fuzzerRunDriver(&count, arguments) { bytes, size in
          FuzzEvents.run(Array(UnsafeBufferPointer(start: bytes, count: size)))
          return 0
        }
      })
  }

  static func run(_ bytes: [UInt8]) {
    // How the bytes arrive follows from the input, so that a finding can be repeated.
    let last = Int(bytes.last ?? 0)
    // Small pieces are slow: they are tried in a few of all cases.
    let pieceSize = last & 15 == 15 ? 1 : last & 15 == 14 ? 5 : last & 15 == 13 ? 333 : Int.max
    let maximum = last & 15 == 12 ? 1 : last & 15 == 11 ? 7 : 300
    var options = EventReadingOptions(format: format)
    options.strictness = last & 16 == 0 ? .report : .stop
    options.timeOrigin = last & 32 == 0 ? .absolute : .firstEvent
    if last & 64 != 0 { options.geometry = SensorGeometry(width: 320, height: 240) }
    let source = MemoryByteSource(bytes, pieceSize: pieceSize)
    guard var reader = try? openEventReader(source: source, options: options) else { return }
    var batch = EventBatch()
    var events: Int64 = 0
    var rounds = 0
    do throws(EventFormatError) {
      while try reader.read(into: &batch, maximum: maximum) {
        events += Int64(batch.count)
        rounds += 1
        precondition(batch.count <= maximum, "more events than asked for")
        precondition(rounds <= 64 * bytes.count + 64, "no end")
        precondition(!batch.isEmpty, "an empty batch that is not the end")
        if let geometry = reader.geometry {
          for index in 0..<batch.count {
            precondition(batch.x[index] < geometry.width && batch.y[index] < geometry.height, "outside the sensor")
          }
        }
      }
    } catch {
      precondition(error.byteOffset.map { $0 >= 0 && $0 <= Int64(bytes.count) } ?? true, "an offset outside the file")
    }
    precondition(reader.accounting.events == events, "books that do not balance")
    precondition(reader.accounting.bytesRead <= Int64(bytes.count), "more bytes than there are")
  }
}
