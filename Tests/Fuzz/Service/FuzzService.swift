import Glibc
import PageService
import WyomingService

@_silgen_name("LLVMFuzzerRunDriver")
func fuzzerRunDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// Feeds bytes to what the daemon takes from the network, named by the variable FUZZ_FORMAT: `http` requests and who may ask
/// them, or `wyoming` events.
///
/// Beside crashes it looks for broken promises: that how bytes are cut means nothing, that no more than the limits is held,
/// and that nobody is answered who must not be.
@main
struct FuzzService {
  static let name = getenv("FUZZ_FORMAT").map { String(cString: $0) } ?? "http"

  static func main() {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(
      withUnsafeMutablePointer(to: &arguments) { arguments in
        fuzzerRunDriver(&count, arguments) { FuzzService.feed(Array(UnsafeBufferPointer(start: $0, count: $1))) }
      })
  }

  static func feed(_ bytes: [UInt8]) -> Int32 {
    // How the bytes arrive follows from the input, so that a finding can be repeated.
    let piece = 1 + Int(bytes.last ?? 0) % 37
    if name == "wyoming" { wyoming(bytes, piece: piece) } else { http(bytes, piece: piece) }
    return 0
  }

  // Requests.

  enum Outcome: Equatable {
    case request(HTTPRequest)
    case error(HTTPRequestError)
    case nothing
  }

  static func read(_ bytes: [UInt8], piece: Int, most: Int) -> Outcome {
    var parser = HTTPRequestParser(most: most)
    var begin = 0
    while begin < bytes.count {
      let end = min(bytes.count, begin + piece)
      do throws(HTTPRequestError) {
        if let request = try parser.push(bytes[begin..<end]) { return .request(request) }
      } catch {
        return .error(error)
      }
      precondition(parser.waiting <= most, "more is held than allowed")
      begin = end
    }
    return .nothing
  }

  static func http(_ bytes: [UInt8], piece: Int) {
    let most = 600
    let outcome = read(bytes, piece: bytes.count, most: most)
    precondition(outcome == read(bytes, piece: piece, most: most), "how it is cut means something")
    guard case .request(let request) = outcome else { return }
    precondition(request.path.hasPrefix("/"), "a path that is none")
    let free = RequestPolicy(names: ["den.home"])
    let guarded = RequestPolicy(names: ["den.home"], token: "0123456789abcdef")
    let (refusal, guardedRefusal) = (free.refusal(of: request), guarded.refusal(of: request))
    // Who is refused without a token is refused with it, for the same reason.
    if let refusal { precondition(guardedRefusal == refusal, "a token opens what is closed") }
    if refusal == nil {
      precondition(request.method == "GET" || request.method == "HEAD", "something is to be changed")
      precondition(request.headers["host"] != nil || request.isOld, "nobody was asked")
      if let origin = request.headers["origin"] { precondition(!origin.contains("evil"), "another site is answered") }
      if let host = request.headers["host"] { precondition(!host.lowercased().contains("evil"), "under another name") }
    }
    if guardedRefusal == nil { precondition(request.headers["authorization"] != nil, "without the token") }
  }

  // Events of satellites.

  static func events(_ bytes: [UInt8], piece: Int) -> ([WyomingEvent], WyomingError?) {
    var limits = WyomingParser.Limits()
    (limits.header, limits.data, limits.payload) = (512, 256, 512)
    var parser = WyomingParser(limits: limits)
    var events: [WyomingEvent] = []
    var begin = 0
    while begin < bytes.count {
      let end = min(bytes.count, begin + piece)
      do throws(WyomingError) {
        try parser.push(bytes[begin..<end]) { events.append($0) }
      } catch {
        return (events, error)
      }
      precondition(parser.waiting <= limits.header + limits.data + limits.payload + piece, "more is held than allowed")
      begin = end
    }
    return (events, nil)
  }

  static func wyoming(_ bytes: [UInt8], piece: Int) {
    let whole = events(bytes, piece: max(1, bytes.count))
    let cut = events(bytes, piece: piece)
    precondition(whole.0 == cut.0, "how it is cut means something")
    precondition(whole.1 == cut.1, "how it is cut means something for what is wrong")
    var session = WakeSession(peer: "fuzz", program: "ganglion/fuzz")
    for event in whole.0 {
      precondition(event.payload.count <= 512, "a payload beyond the limit")
      // Without wake words: what satellites say is understood, and nothing is listened for.
      guard (try? session.take(event, words: WakeWords([]))) != nil else { return }
    }
  }
}
