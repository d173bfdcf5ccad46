import Events

/// Opens an AEDAT 4.0 recording.
func openAEDAT4(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  var input = opened
  let header = try AEDAT4Header(&input)
  let candidates = header.streams.filter { $0.type == "EVTS" }.map(\.candidate)
  var guesses: [ReadingGuess] = []
  guard let chosen = try options.choose(among: candidates, source: input.name, guesses: &guesses) else {
    throw EventFormatError(
      .unsupported, source: input.name,
      reason: "no stream of the file holds events "
        + "(\(header.streams.map(\.type).joined(separator: ", ")))", remedy: "record the camera's events")
  }
  let metadata = header.streams.map { stream in
    EventMetadata(
      key: "stream \(stream.identifier)",
      value: [stream.type, stream.geometry?.description, stream.source].compactMap { $0 }.joined(separator: " "))
  }
  return StreamingEventReader(
    input: input, decoder: AEDAT4Decoder(header: header, eventStream: chosen.identifier), format: .aedat4,
    encoding: header.compression.title, geometry: options.geometry ?? chosen.stream.sensor, metadata: metadata,
    guesses: guesses, options: options)
}
