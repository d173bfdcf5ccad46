// What another package writes to hear words in a recording: `app MODEL RECORDING` prints the labels of what it finds.
import ClassifierStreams
import ModelFiles
import StreamSources

let model = try PreparedModel(Model(reading: CommandLine.arguments[1]))
_ = try await Pipeline(model).run(RecordingInput(path: CommandLine.arguments[2])) { result in
  if case .decision(let decision, _) = result { print(decision.label) }
}
