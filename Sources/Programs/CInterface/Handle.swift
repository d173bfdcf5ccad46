import Failures
import Glibc
import StreamSources
import Synchronization

/// A text for the caller: allocated with `malloc`, given back by `ganglion_free`.
typealias TextPointer = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

/// Something that a caller in another language holds, and may use from any thread: one call at a time goes through.
final class Handle<Content>: Sendable {
  private let content: Mutex<Content>

  init(_ content: sending Content) { self.content = Mutex(content) }

  /// Hands the caller a reference of its own, which `take` ends.
  var pointer: UnsafeMutableRawPointer { Unmanaged.passRetained(self).toOpaque() }

  /// Works on what a caller's pointer stands for. The header promises that it is one which `open` gave and nobody has closed.
  static func with<Result>(
    _ pointer: UnsafeMutableRawPointer, _ body: (inout sending Content) throws -> sending Result
  ) throws -> sending Result {
    try Unmanaged<Handle<Content>>.fromOpaque(pointer).takeUnretainedValue().content.withLock(body)
  }

  static func close(_ pointer: UnsafeMutableRawPointer?) {
    if let pointer { Unmanaged<Handle<Content>>.fromOpaque(pointer).release() }
  }
}

/// Why a call cannot be answered: what the caller gave is wrong.
struct CallError: ReportedError {
  let kind = FailureKind.usage
  let description: String
}

/// Runs what a call asks for: 0 when all went well, otherwise the place of the failure's kind among all kinds, counted from 1,
/// and what is wrong as text.
func answer(_ text: TextPointer?, _ body: () throws -> Void) -> Int32 {
  text?.pointee = nil
  do {
    try body()
    return 0
  } catch {
    give("\(error)", to: text)
    let kind = (error as? any ReportedError)?.kind ?? .other
    return Int32(FailureKind.allCases.firstIndex(of: kind).map { $0 + 1 } ?? FailureKind.allCases.count)
  }
}

/// Copies a text to where the caller finds it.
func give(_ value: String, to text: TextPointer?) {
  guard let text else { return }
  free(text.pointee)
  text.pointee = strdup(value)
}

/// Reading options from lines of `name=value`, named as recipes name them.
func readingOptions(_ lines: UnsafePointer<CChar>?) throws -> RecordingOptions {
  var options = RecordingOptions()
  guard let lines else { return options }
  for line in String(cString: lines).split(separator: "\n") {
    guard let equals = line.firstIndex(of: "=") else { throw CallError(description: "'\(line)' is no name=value") }
    let (name, value) = (String(line[..<equals]), String(line[line.index(after: equals)...]))
    guard let setting = RecordingOptions.Setting(rawValue: name) else {
      let known = RecordingOptions.Setting.allCases.map(\.rawValue).joined(separator: ", ")
      throw CallError(description: "there is no reading option '\(name)'; there are \(known)")
    }
    guard options.set(setting, to: value) else {
      throw CallError(description: "\(name) is '\(value)', allowed is \(setting.allowed)")
    }
  }
  return options
}

/// The version of this interface: it changes when a program that was built against an older header would break.
@_cdecl("ganglion_abi")
public func ganglionABI() -> Int32 { 1 }

/// Name of a kind of failure, for `ganglion_free`; nil for 0 and for numbers that stand for none.
@_cdecl("ganglion_kind")
public func ganglionKind(_ status: Int32) -> UnsafeMutablePointer<CChar>? {
  let place = Int(status) - 1
  return FailureKind.allCases.indices.contains(place) ? strdup(FailureKind.allCases[place].rawValue) : nil
}

/// Gives back a text that a call gave.
@_cdecl("ganglion_free")
public func ganglionFree(_ text: UnsafeMutablePointer<CChar>?) { free(text) }
