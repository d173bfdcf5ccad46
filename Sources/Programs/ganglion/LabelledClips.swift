import ArgumentParser
import Foundation
import Learning
import ModelFiles
import StreamSources

/// The labelled clips that a model was trained or tested on, found as its recipe says.
struct LabelledClips {
  let recordings: [Recording]
  let labels: [String]
  /// How the data set's recipe has them read.
  let reading: RecordingOptions
  /// What else should be known of the data, a line each.
  let notes: [String]

  /// - Parameter lists: folder of other list files than those the model was trained with.
  init(
    _ model: Model, path: String, folder: String, part: String, lists: String?,
    layout: DataDescription.Layout? = nil, leaveOut: String? = nil, threads: Int
  ) throws {
    var notes: [String] = []
    let description = try Self.describe(
      model, path: path, folder: folder, layout: layout, leaveOut: leaveOut, notes: &notes)
    reading = description.reading
    let known = lists == nil ? model.manifest.training.lists : [:]
    let dataSet = DataSet(
      description, folder: folder, recipeFolder: lists ?? folder, knownLists: known, sense: model.manifest.sense)
    var encoder = try RecordingEncoder(model.manifest.encoder)
    encoder.reading = reading
    let split = try dataSet.surveyed(encoder: encoder, threads: threads)
    notes += split.notes.map(\.description)
    recordings = DataPart(rawValue: part).map { split[$0] } ?? split.train + split.validation + split.test
    labels = split.labels
    guard !recordings.isEmpty else { throw DataError.part(part, folder: folder) }
    let present = Set(recordings.map(\.label))
    let absent = split.labels.indices.filter { !present.contains($0) }.map { split.labels[$0] }
    if !absent.isEmpty {
      notes.append("labels without a recording in part '\(part)': " + absent.joined(separator: ", "))
    }
    self.notes = notes
  }

  private static func describe(
    _ model: Model, path: String, folder: String, layout: DataDescription.Layout?, leaveOut: String?,
    notes: inout [String]
  ) throws -> DataDescription {
    var description: DataDescription
    if let layout {
      description = DataDescription(layout: layout)
      if layout == .speechCommands { description.labels = model.manifest.labels }
      // Not every label needs recordings.
      if layout == .folders {
        let classes = try DataSet.classFolders(in: folder)
        description.labels = model.manifest.labels.filter(classes.contains)
        if description.labels == [], !classes.isEmpty {
          throw DataError.noLabel(folder: folder, labels: model.manifest.labels, folders: classes)
        }
        let others = classes.filter { !model.manifest.labels.contains($0) }
        if !others.isEmpty {
          notes.append("folders left out, the model has no such label: \(others.joined(separator: ", "))")
        }
      }
    } else if let recipe = model.manifest.training.recipe {
      // Another program than this one may have known other options: only what is needed is read.
      let document = try RecipeDocument(yaml: recipe, path: "the recipe in \(path)")
      guard let data = try document.section("data", DataDescription.self) else {
        throw ValidationError("the model's recipe does not say how its data were laid out; give --layout")
      }
      description = data
      description.leaveOut = model.manifest.training.notes["leaveOut"]
      description.reading = model.manifest.training.reading.completed(by: description.reading)
      if let recorded = description.leaveOut, !description.layout.namesGroups {
        notes.append(
          "the model was trained with '\(recorded)' left out, which its layout cannot do; nobody is left out here either"
        )
        description.leaveOut = nil
        description.validateOn = nil
      }
    } else {
      throw ValidationError("the model does not say how its data were laid out; give --layout")
    }
    description.leaveOut = leaveOut ?? description.leaveOut
    // Measuring changes nothing: what would be refused in training is told.
    description.allowRepeats = true
    return description
  }
}
