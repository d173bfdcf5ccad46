import ArgumentParser
import Foundation
import Learning
import Pipelines

/// `ganglion evaluate`: how often a model is right.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model's accuracy on labelled recordings.",
    discussion: """
      Each recording goes through the same code as ganglion run; its answer is the result with the highest score. \
      Prints accuracy with its 95 % interval (Wilson), once with every recording and once with byte-identical ones \
      counted once, figures for each class and the confusion matrix.

      The data set's layout and split are those of the recipe the model was trained with, unless options say \
      otherwise. With --layout folders any folder of class folders will do.

      \(ExitStatus.help)
      """)

  @Argument(help: "The model, a .safetensors file.") var model: String
  @Argument(help: "Folder of the data set.") var data: String
  @Option(
    help: "How the data set is laid out: \(DataDescription.Layout.allCases.map(\.rawValue).joined(separator: ", ")).")
  var layout: DataDescription.Layout?
  @Option(help: "Which part: test, validation, train, or all.") var part = "test"
  @Option(help: "Leave this group out as the test part, as in training.") var leaveOut: String?
  @Option(help: "Folder of other list files than those the model was trained with.") var lists: String?
  @Option(help: "Threads.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Print one JSON object instead of tables.") var json = false

  func validate() throws {
    guard part == "all" || DataPart(rawValue: part) != nil else {
      throw ValidationError("--part is test, validation, train or all, not '\(part)'")
    }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
  }

  func run() throws {
    let model = try Model(reading: self.model)
    let description = try describe(model)
    let known = lists == nil ? model.manifest.training.lists : [:]
    let split = try DataSet(description, folder: data, recipeFolder: lists ?? data, knownLists: known).split()
    let recordings = DataPart(rawValue: part).map { split[$0] } ?? split.train + split.validation + split.test
    guard !recordings.isEmpty else { throw DataError.part(part, folder: data) }
    let line = WorkProgress()
    let evaluation = try Evaluator(model).evaluate(recordings, labels: split.labels, threads: threads) {
      line.show("evaluating", done: $0, total: $1)
    }
    line.clear()
    let text = json ? try EvaluationTable(evaluation).json() : EvaluationTable(evaluation).text
    try StandardOutput.shared.write(line: text)
  }

  private func describe(_ model: Model) throws -> DataDescription {
    var description: DataDescription
    if let layout {
      description = DataDescription(layout: layout)
      if layout == .speechCommands || layout == .folders { description.labels = model.manifest.labels }
    } else if let recipe = model.manifest.training.recipe {
      description = try Recipe(yaml: recipe, path: "the recipe in \(self.model)").data
      description.leaveOut = model.manifest.training.notes["leaveOut"]
    } else {
      throw ValidationError("the model does not say how its data were laid out; give --layout")
    }
    description.leaveOut = leaveOut ?? description.leaveOut
    return description
  }
}

extension DataDescription.Layout: ExpressibleByArgument {}
