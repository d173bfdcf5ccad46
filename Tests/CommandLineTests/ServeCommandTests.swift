import Foundation
import TestSupport
import Testing

/// The daemon as users start it: processes, sockets, signals, and ALSA's own library.
@Suite("ganglion serve", .serialized)
struct ServeCommandTests {
  /// A folder with a model, tones as WAV and as raw PCM, and a shell line that runs in it.
  private final class Bench {
    let folder: String

    init() throws {
      folder = NSTemporaryDirectory() + "ganglion-serve-\(UUID().uuidString.prefix(8))"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      try TestModels.sound().write(to: folder + "/m.safetensors")
      let wave = WaveBytes(sampleRate: 8_000).file(TestModels.tones)
      try Data(wave).write(to: URL(fileURLWithPath: folder + "/t.wav"))
      try Data(wave[44...]).write(to: URL(fileURLWithPath: folder + "/t.raw"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, to name: String) throws {
      try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
    }

    func configure(_ sources: String) throws {
      try write("models: {m: m.safetensors}\nlog: debug\nsources:\n\(sources)\n", to: "g.yaml")
    }

    /// Runs a script with helpers: `serve ARGUMENTS` starts the daemon in the background, ready when it returns.
    func run(_ script: String) throws -> Program.Outcome {
      try Program.shell(
        """
        cd \(folder)
        serve() {
          "$GANGLION" serve --config g.yaml --socket s "$@" 2>>log & daemon=$!
          for i in $(seq 1000); do if grep -q msg=ready log 2>/dev/null || ! kill -0 $daemon 2>/dev/null; then break; fi; sleep 0.01; done
        }
        # Starts a subscriber in the background; it is subscribed when this returns.
        subscribe() {
          "$GANGLION" listen --socket s "$@" >out & listener=$!
          for i in $(seq 1000); do if grep -q msg=subscribed log; then break; fi; sleep 0.01; done
        }
        # A raw file at the pace of 8 kHz.
        paced() { for i in $(seq 0 $(($(stat -c %s t.raw) / 320))); do dd if=t.raw bs=320 skip=$i count=1 status=none; sleep 0.02; done; }
        # What two streams have in common: everything but names, numbers and the time of day.
        plain() { sed -E 's/"(seq)":[0-9]+,//; s/"source":"[^"]*",//; s/"wall":"[^"]*",//; s/,"id":"[^"]*"//; s/,"phase":"[^"]*"//'; }
        \(script)
        """)
    }
  }

  @Test("a device, a pipe at real speed and a file say the same, to the byte")
  func liveEqualsReplay() throws {
    let bench = try Bench()
    let seconds = Double(TestModels.tones.count) / 8_000
    try bench.configure(
      """
        mic: {type: alsa, device: tones, rate: 8000, encoding: S16_LE, seconds: \(seconds)}
        pipe: {type: pipe, path: p, raw: "s16le:8000:1"}
        wave: {type: pipe, path: w}
      """)
    try bench.write(
      """
      </usr/share/alsa/alsa.conf>
      pcm.tones { type file slave.pcm { type null } file "/dev/null" infile "\(bench.folder)/a" format "raw" }
      """, to: "asound.conf")
    let outcome = try bench.run(
      """
      export ALSA_CONFIG_PATH=$PWD/asound.conf
      mkfifo a p w
      serve
      subscribe -t detection -t rejection
      # A film waits for nobody: it may begin only now that there is somebody to hear its first word.
      echo '  film: {type: file, path: t.wav, pace: real}' >>g.yaml
      kill -HUP $daemon
      paced >a & paced >p & cat t.wav >w
      # Each of the four has three words to say.
      for i in $(seq 3000); do if [ $(wc -l <out) -ge 12 ] && grep -q 'ended" source=mic' log; then break; fi; sleep 0.01; done
      kill -TERM $daemon; wait $daemon; echo "daemon $?"; wait $listener; echo "listener $?"
      for source in mic pipe wave film; do grep "\\"source\\":\\"$source\\"" out | plain >$source; done
      "$GANGLION" run --model m.safetensors t.wav | sed -E 's/"source":"[^"]*",//; s/,"t_start_us":([0-9]+),"t_us":([0-9]+)/,"t_us":\\2,"t_start_us":\\1/' >run
      for source in mic pipe wave film; do cmp run $source && echo "$source is the same"; done
      wc -l <run
      """)
    #expect(
      outcome.lines == [
        "daemon 0", "listener 0", "mic is the same", "pipe is the same", "wave is the same", "film is the same", "3",
      ], "\(outcome.errors)")
  }

  @Test("SIGTERM classifies and sends what has come in, and leaves nothing behind")
  func draining() throws {
    let bench = try Bench()
    try bench.configure("  pipe: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p
      serve
      subscribe -t detection -t rejection
      # The last tone is still open when the daemon is told to stop: nobody closes the pipe.
      exec 3>p; cat t.wav >&3
      for i in $(seq 500); do if [ $(wc -l <out) -ge 2 ]; then break; fi; sleep 0.01; done
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      wait $listener; echo "listener $?"
      wc -l <out; ls s 2>/dev/null
      """)
    #expect(outcome.lines == ["daemon 0", "listener 0", "3"], "\(outcome.errors)")
  }

  @Test("after SIGKILL the next daemon starts at once, and a second one beside it does not")
  func killing() throws {
    let bench = try Bench()
    try bench.configure("  pipe: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p
      for round in 1 2 3 4 5; do
        : >log; serve
        "$GANGLION" serve --config g.yaml --socket s 2>second; echo "second $?"
        kill -KILL $daemon; wait $daemon 2>/dev/null
      done
      : >log; serve
      subscribe --raw; head -c 9 out; echo
      kill -TERM $daemon; wait $daemon; echo "daemon $?"; cat second
      """)
    #expect(outcome.lines.prefix(5).allSatisfy { $0 == "second 69" })
    #expect(outcome.lines.dropFirst(5).prefix(2) == ["{\"type\":\"", "daemon 0"])
    #expect(outcome.output.contains("another daemon is already running"))
  }

  @Test("SIGHUP reads the configuration anew")
  func reloading() throws {
    let bench = try Bench()
    try bench.configure("  one: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p q
      serve
      echo '  two: {type: pipe, path: q}' >>g.yaml
      kill -HUP $daemon
      for i in $(seq 500); do if grep -q msg=reloaded log; then break; fi; sleep 0.01; done
      subscribe --raw
      head -n 1 out | grep -o '"id":"[a-z]*"'
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      """)
    #expect(outcome.lines == ["\"id\":\"one\"", "\"id\":\"two\"", "daemon 0"])
  }

  @Test("SIGHUP reads the file that has taken the configuration's place, whatever bytes its name has")
  func replacing() throws {
    let bench = try Bench()
    try bench.configure("  one: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p q
      n=$(printf 'caf\\xe9.yaml'); mv g.yaml "$n"
      "$GANGLION" serve --config "$n" --socket s 2>>log & daemon=$!
      for i in $(seq 1000); do if grep -q msg=ready log; then break; fi; sleep 0.01; done
      (cat "$n"; echo '  two: {type: pipe, path: q}') >new; mv new "$n"
      kill -HUP $daemon
      for i in $(seq 500); do if grep -q 'msg=reload' log; then break; fi; sleep 0.01; done
      subscribe --raw
      head -n 1 out | grep -o '"id":"[a-z]*"'
      rm "$n"; kill -HUP $daemon
      for i in $(seq 500); do if grep -q 'reload failed' log; then break; fi; sleep 0.01; done
      grep -c 'there is no such file' log
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      """)
    #expect(outcome.lines == ["\"id\":\"one\"", "\"id\":\"two\"", "1", "daemon 0"], "\(outcome.errors)")
  }

  @Test("--check says everything that is wrong and starts nothing")
  func checking() throws {
    let bench = try Bench()
    try bench.configure("  one: {type: pipe, path: p, modles: m}\n  two: {type: nothing}")
    let bad = try bench.run("\"$GANGLION\" serve --check --config g.yaml")
    #expect(bad.code == 78)
    #expect(bad.lines.isEmpty)
    #expect(bad.errorLines.count == 2)
    #expect(bad.errorLines[0].hasPrefix("ganglion: g.yaml:4:"))
    #expect(bad.errorLines[0].contains("did you mean 'models'?"))
    try bench.configure("  one: {type: pipe, path: p}")
    let good = try bench.run("\"$GANGLION\" serve --check --config g.yaml; echo $?; ls s* 2>/dev/null")
    #expect(good.lines == ["g.yaml: 1 sources, 1 models, all is well", "0"])
    // What may be a mistake, or come later, is said.
    #expect(good.errorLines.count == 1 && good.errors.contains("p is not there; one is waited for"))
    try Data([0, 1, 2]).write(to: URL(fileURLWithPath: bench.folder + "/m.safetensors"))
    let damaged = try bench.run("\"$GANGLION\" serve --check --config g.yaml")
    #expect(damaged.code == 78)
    #expect(damaged.errors.contains("g.yaml:1: model 'm': "))
  }

  @Test("devices that ALSA has are listed with their level")
  func sources() throws {
    let bench = try Bench()
    try bench.write(
      """
      </usr/share/alsa/alsa.conf>
      pcm.tones { type file slave.pcm { type null } file "/dev/null" infile "\(bench.folder)/t.raw" format "raw" }
      """, to: "asound.conf")
    let outcome = try bench.run(
      """
      export ALSA_CONFIG_PATH=$PWD/asound.conf
      "$GANGLION" sources --json --rate 8000 tones; "$GANGLION" sources nothing; echo $?
      """)
    #expect(outcome.lines.count == 3)
    #expect(outcome.lines[0].contains("\"sampleRate\":8000"))
    #expect(outcome.lines[0].contains("\"peakDecibels\":-6"))
    #expect(outcome.lines[1].contains("nothing  cannot open nothing"))
    #expect(outcome.lines[2] == "66")
  }

  @Test("a subscriber ends with its reader, also when nothing more comes")
  func readerHasGone() throws {
    let bench = try Bench()
    try bench.configure("  one: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p; serve
      timeout -s KILL 60 "$GANGLION" listen --raw --socket s | head -n 1 | grep -c hello; echo ${PIPESTATUS[0]}
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      """)
    #expect(outcome.lines == ["1", "141", "daemon 0"], "\(outcome)")
    #expect(outcome.errors == "")
  }

  @Test("a device is opened as it was asked for or refused with the reason, ALSA's own where it has one")
  func refusals() throws {
    let bench = try Bench()
    try bench.write(
      """
      </usr/share/alsa/alsa.conf>
      pcm.six { type multi slaves.a { pcm { type null } channels 6 }
        bindings [ { slave a channel 0 } { slave a channel 1 } { slave a channel 2 }
          { slave a channel 3 } { slave a channel 4 } { slave a channel 5 } ] }
      pcm.mu { type mulaw slave { pcm { type null } format S16_LE } }
      pcm.wrong { type plug slave.pcm { type null } colour "red" }
      """, to: "asound.conf")
    try bench.configure(
      """
        two: {type: alsa, device: six, channels: 2}
        one: {type: alsa, device: six, channel: 6}
        all: {type: alsa, device: six}
        law: {type: alsa, device: mu}
        float: {type: alsa, device: six, encoding: S24_BE}
        wrong: {type: alsa, device: wrong}
        nobody: {type: alsa, device: nobody}
      """)
    let outcome = try bench.run(
      """
      export ALSA_CONFIG_PATH=$PWD/asound.conf
      serve
      for i in $(seq 1000); do
        if [ $(grep -c 'source lost' log) -ge 5 ] && grep -q 'running" source=float' log; then break; fi; sleep 0.01
      done
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      "$GANGLION" sources six; "$GANGLION" sources --json six mu wrong
      """)
    let log = try String(contentsOfFile: bench.folder + "/log", encoding: .utf8).split(separator: "\n")
    func said(_ source: String) -> String {
      let lines = log.filter { $0.contains("source=\(source) ") && !$0.contains("msg=gap") }
      return lines.first.map(String.init) ?? "nothing"
    }
    #expect(outcome.lines.first == "daemon 0")
    #expect(
      said("two").contains(
        "cannot set 2 channels of six: it has 6; leave 'channels' out, or take one with 'channel'; 'plug:six' converts")
    )
    #expect(said("one").contains("cannot set channel 6 of six: it has 6, counted from 0"))
    #expect(said("all").contains(#"msg="source running" source=all detail="8000 Hz, 6 channels, all mixed, S16_LE""#))
    #expect(
      said("law").contains("cannot set an encoding of mu: it has none that is understood here; 'plug:mu' converts"))
    #expect(said("float").contains("6 channels, all mixed, S24_BE"))
    #expect(said("wrong").contains("cannot open wrong: Invalid argument (Unknown field colour"))
    #expect(said("nobody").contains("cannot open nobody: No such file or directory (Unknown PCM nobody"))
    #expect(outcome.lines.count == 5)
    #expect(outcome.lines[1].hasPrefix("six  16000 Hz, 6 channels, all mixed, S16_LE: -120.0 dB rms, -120.0 dB peak"))
    #expect(outcome.lines[1].contains("; by channel 0: -120.0 dB rms, -120.0 dB peak; 1: "))
    #expect(outcome.lines[1].contains("nothing but zeros: it is muted"))
    #expect(outcome.lines[2].contains("\"channels\":[{\"peakDecibels\":-120,\"rmsDecibels\":-120},"))
    #expect(outcome.lines[3].contains("'plug:mu' converts"))
    #expect(outcome.lines[4].contains("Unknown field colour"))
  }

  @Test("a reader of the log that does not read holds up neither subscribers nor the end")
  func stuckLog() throws {
    let bench = try Bench()
    try bench.configure("  pipe: {type: pipe, path: p}")
    let outcome = try bench.run(
      """
      mkfifo p l
      # Nobody reads, and there is no room.
      exec 8<>l; head -c 65536 /dev/zero >&8
      "$GANGLION" serve --config g.yaml --socket s 2>l & daemon=$!
      # A daemon that hangs is not waited for.
      { sleep 60; kill -KILL $daemon; } >/dev/null 2>&1 & guard=$!
      for i in $(seq 1000); do if [ -S s ]; then break; fi; sleep 0.01; done
      "$GANGLION" listen --socket s -t detection -t rejection -n 3 >out & listener=$!
      sleep 0.3; cat t.wav >p
      wait $listener; echo "listener $?"; wc -l <out
      kill -TERM $daemon; wait $daemon; echo "daemon $?"; kill $guard
      """)
    #expect(outcome.lines == ["listener 0", "3", "daemon 0"], "\(outcome.errors)")
  }

  @Test("a subscriber that slept is told that it was sent away, with an exit code of its own")
  func sentAway() throws {
    let bench = try Bench()
    try bench.write(
      """
      models: {m: m.safetensors}
      log: debug
      socket: {queue_messages: 4, queue_bytes: 65536, slow_seconds: 0.1}
      sources: {pipe: {type: pipe, path: p, raw: "s16le:8000:1"}}
      """, to: "g.yaml")
    let outcome = try bench.run(
      """
      mkfifo p
      serve
      subscribe -t score
      kill -STOP $listener
      # Scores until it is sent away.
      { while ! grep -q 'sent away' log; do cat t.raw; done; } >p
      kill -CONT $listener; wait $listener; echo "listener $?"
      tail -n 1 out | grep -o '"type":"dropped"'
      kill -TERM $daemon; wait $daemon; echo "daemon $?"
      """)
    #expect(outcome.lines == ["listener 75", "\"type\":\"dropped\"", "daemon 0"], "\(outcome.errors)")
    #expect(
      outcome.errors.contains("it sent this subscriber away because what it was sent was not read in time (slow)"))
  }

  @Test("nobody to listen to is said, with an exit code of its own")
  func noDaemon() throws {
    let outcome = try Program.shell("ganglion listen --socket nowhere/s")
    #expect(outcome.code == 69)
    #expect(outcome.errors.contains("no daemon listens there"))
  }
}
