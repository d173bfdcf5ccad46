import Foundation

/// The built programs, run as a user runs them.
package struct Program {
  package struct Outcome {
    package var code: Int32
    package var output: String
    package var errors: String

    package var lines: [String] { output.split(separator: "\n").map(String.init) }
    package var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
  }

  /// Beside the test bundle, where the package's products are.
  package static let path: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    return bundle.appendingPathComponent("ganglion").path
  }()

  /// Runs a line of shell with `ganglion` and `ganglion-lab` as commands in it.
  package static func shell(_ line: String) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c",
      "ganglion() { \"$GANGLION\" \"$@\"; }; ganglion-lab() { \"$GANGLION-lab\" \"$@\"; }; set -o pipefail; " + line,
    ]
    process.environment = ProcessInfo.processInfo.environment.merging(["GANGLION": path]) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // Read beside each other, so that neither pipe fills up while the other is waited for.
    let reading = DispatchQueue(label: "errors")
    let box = Box()
    let done = DispatchGroup()
    reading.async(group: done) { box.data = errors.fileHandleForReading.readDataToEndOfFile() }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    done.wait()
    process.waitUntilExit()
    return Outcome(
      code: process.terminationStatus, output: String(decoding: data, as: UTF8.self),
      errors: String(decoding: box.data, as: UTF8.self))
  }

  /// Written by one queue and read after the group that it works in has ended: never at once.
  private final class Box: @unchecked Sendable {
    var data = Data()
  }
}
