import EventFormats
import Events

/// Reads the rest of a recording into one batch.
public func readAllEvents(_ reader: inout any EventReader) throws(EventFormatError) -> EventBatch {
  var all = EventBatch()
  var batch = EventBatch()
  while try reader.read(into: &batch, maximum: 65536) { all.append(contentsOf: batch) }
  return all
}
