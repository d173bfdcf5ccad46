import ArgumentParser
import CommandSupport
import EventFormats
import Events
import Foundation
import Learning
import ModelFiles
import OutputFiles
import StreamSources

/// The part of `ganglion compose` for models that watch events.
extension Compose {
  func composeEvents(_ model: Model) throws {
    guard noise.isEmpty else {
      throw ValidationError("--noise is a folder of sound; pauses between events have noise of --noise-rate")
    }
    let found = try LabelledClips(
      model, path: self.model, folder: data, part: part, lists: lists, layout: layout,
      threads: ProcessInfo.processInfo.activeProcessorCount)
    for note in found.notes { StandardError.report("\(data): \(note)") }
    let options = RecordingOptions(events: try events.readingOptions()).completed(by: found.reading).events
    let background = model.manifest.decision.backgroundLabels
    let line = WorkProgress()
    var clips: [EventStreamComposer.Clip] = []
    var geometry: SensorGeometry?
    func read(_ path: String, _ range: Range<Int64>?, label: String?) throws {
      var reader = try openEventReader(path: path, options: options)
      guard let own = reader.geometry else {
        throw InputError(source: path, problem: "does not name its sensor", remedy: "name it with --sensor")
      }
      if let geometry, geometry != own {
        throw InputError(
          source: path, problem: "is from a sensor of \(own), those before it from one of \(geometry)",
          remedy: "compose the clips of one camera, or bring them to one size with ganglion convert")
      }
      geometry = own
      var all = EventBatch()
      var batch = EventBatch()
      while try reader.read(into: &batch, maximum: 65_536) {
        for index in 0..<batch.count where range?.contains(batch.times[index]) ?? true { all.append(batch[index]) }
        batch.removeAll()
      }
      clips.append(.init(label: label, events: all))
    }
    for (index, clip) in found.recordings.enumerated() {
      line.show("reading", done: index, total: found.recordings.count)
      let label = found.labels[clip.label]
      try read(clip.path, clip.microseconds, label: background.contains(label) ? nil : label)
    }
    for folder in others {
      for name in try FolderListing(folder).files { try read("\(folder)/\(name)", nil, label: nil) }
    }
    line.clear()
    guard clips.contains(where: { $0.label != nil }), let geometry else { throw DataError.part(part, folder: data) }
    guard let format = EventFormat(fileName: output) else {
      throw ValidationError("the ending of \(output) says no format of events, as .raw or .aedat4")
    }
    var writer = try openEventWriter(path: output, options: EventWritingOptions(format: format, geometry: geometry))
    let list = try OutputFile(labels)
    var composer = EventStreamComposer(geometry: geometry, seconds: 60 * minutes)
    composer.seed = seed
    composer.noiseRate = noiseRate
    let words = try composer.compose(clips) { try writer.write($0) }
    try list.write(Array(LabelFile.text(words).utf8))
    try writer.finish()
    try list.finish()
    StandardError.report(
      "\(output): \(duration(Double(60 * minutes))), \(words.count) gestures of \(clips.count) clips, "
        + "\(writer.count) events of \(geometry)")
  }
}
