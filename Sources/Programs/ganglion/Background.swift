import ArgumentParser
import Foundation
import Learning

/// Talk and noise in a folder with `speech/` and `noise/` in it.
struct Background {
  let speech: String
  let noise: String?

  /// - Parameter given: the folder; nil for the one that comes with Ganglion.
  init(_ given: String?) throws {
    guard let folder = given ?? Self.own() else {
      throw ValidationError("the background that comes with Ganglion is not to be found; give --background")
    }
    func isFolder(_ path: String) -> Bool {
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
    let full = folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
    guard isFolder("\(full)/speech") else { throw DataError.missingFolder("\(full)/speech") }
    speech = "\(full)/speech"
    noise = isFolder("\(full)/noise") ? "\(full)/noise" : nil
  }

  /// The one that comes with Ganglion: beside the program where it is installed, or in its source.
  static func own() -> String? {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let places = ["../share/ganglion/background", "../../../Samples/background", "../../Samples/background"]
      .map { program.appendingPathComponent($0).standardizedFileURL.path }
    return (places + ["Samples/background"]).first { FileManager.default.fileExists(atPath: $0 + "/speech") }
  }
}
