import EventFormats
import StreamSources

extension EventFormatError {
  /// The error with the option of a command that settles it, where there is one.
  package var explained: String {
    guard let setting = subject.flatMap(RecordingOptions.Setting.init) else { return description }
    return "\(description); \(setting.flag) names it: \(setting.allowed)"
  }
}
