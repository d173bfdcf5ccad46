import Events

extension EventFormat {
  /// N-MNIST, N-Caltech101 and SLAYER's .bs2: five bytes an event.
  public static let nmnist = EventFormat(NMNISTFormat())
}

struct NMNISTFormat: EventFormatDefinition {
  let name = "nmnist"
  let title = "N-MNIST"
  let endings = ["bin", "bs2"]
  /// Bytes that tell it among what is live, as it has no signature.
  private static let enoughBytes = 64 * 5

  func isLike(_ beginning: [UInt8], _ options: EventReadingOptions) -> Bool { looksLikeNMNIST(beginning) }

  func isSettled(_ bytes: [UInt8], _ options: EventReadingOptions) -> Bool {
    options.format != nil || bytes.count >= Self.enoughBytes
  }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try EncodingEventWriter(sink: sink, encoder: NMNISTEncoder(), options: options)
  }

  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    try options.refuseStream(of: input.name)
    let guesses =
      options.format == nil
      ? [
        ReadingGuess(
          .format, "N-MNIST", because: "the format has no signature, but records of five bytes make times that rise")
      ] : []
    return StreamingEventReader(
      input: input, decoder: NMNISTDecoder(), format: .nmnist, encoding: "five bytes an event",
      geometry: options.geometry, metadata: [], guesses: guesses, options: options)
  }
}
