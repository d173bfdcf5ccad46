import ArgumentParser
import CommandSupport

/// `ganglion simulate`: events of a camera that is not there.
struct Simulate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Simulate an event camera that watches a video, or people who do not exist.",
    discussion: """
      A pixel fires when the logarithm of its intensity has moved by a threshold since its last event \
      (Lichtsteiner, Posch and Delbruck 2008); thresholds differ from pixel to pixel, bandwidth falls with intensity, and \
      there are a refractory time, leak, shot noise and hot pixels (Hu, Liu and Delbruck 2021).

        ffmpeg -i film.mp4 -f yuv4mpegpipe - | ganglion simulate - -o film.aedat4
        ganglion simulate scene --seconds 60 --seed 7 -o people.aedat4 --labels people.tsv
      """,
    subcommands: [SimulateVideo.self, SimulateScene.self], defaultSubcommand: SimulateVideo.self)
}
