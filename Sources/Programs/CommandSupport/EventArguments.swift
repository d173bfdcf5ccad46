import ArgumentParser
import EventFormats
import Events

extension EventFormat: ExpressibleByArgument {}
extension EventStrictness: ExpressibleByArgument {}
extension TimeOrigin: ExpressibleByArgument {}
extension AEDAT2Layout: ExpressibleByArgument {}
extension EventTimeUnit: ExpressibleByArgument {}

extension SensorGeometry: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(argument)
  }
}

extension FileByteSource {
  /// Size of a regular file, bytes; nil for anything else.
  package static func size(ofFile path: String) -> Int64? {
    guard let source = try? FileByteSource(path: path), source.path != nil else { return nil }
    return source.size
  }
}
