import Foundation
import TestSupport
import Testing

/// What the installation scripts put where, tried below a folder.
@Suite("Installation")
struct InstallationTests {
  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test("the manual names every command and option")
  func manual() throws {
    let page = try Program.shell("ganglion manual").output
    for command in ["run", "serve", "listen", "sources", "train", "benchmark daemon", "benchmark models"] {
      #expect(page.contains("\n.SS ganglion \(command)\n"), "\(command)")
    }
    #expect(page.contains("\\fB\\-c\\fR, \\fB\\-\\-config\\fR \\fIfile\\fR"))
    // A line that begins with a dot or a quote is an order to troff; these are the ones it knows.
    for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
      let order = line.prefix { $0 != " " }
      #expect([".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".RI", ".I", ".nf", ".fi"].contains(order), "\(line)")
    }
  }

  @Test("everything that is installed is removed again, but for the configuration")
  func installing() throws {
    let folder = NSTemporaryDirectory() + "ganglion-install-\(UUID().uuidString.prefix(8))"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let outcome = try Program.shell(
      """
      cd \(Self.package)
      export GANGLION
      Services/install-service --root \(folder) --prefix /opt/g >\(folder).log || { cat \(folder).log; exit 1; }
      rm \(folder).log
      cd \(folder); find . -type f | sort
      grep -c /usr/local etc/systemd/system/ganglion.service
      opt/g/bin/ganglion serve --check --config etc/ganglion/ganglion.yaml 2>&1
      \(Self.package)/Services/uninstall-service --root \(folder) --prefix /opt/g >/dev/null
      find . -type f
      \(Self.package)/Services/uninstall-service --root \(folder) --prefix /opt/g --purge >/dev/null
      find . -type f | wc -l
      """)
    for file in [
      "./opt/g/bin/ganglion", "./opt/g/share/man/man1/ganglion.1", "./etc/systemd/system/ganglion.service",
      "./etc/systemd/system/ganglion.socket", "./etc/systemd/user/ganglion@.service", "./etc/ganglion/ganglion.yaml",
      "./opt/g/share/bash-completion/completions/ganglion", "./opt/g/share/doc/ganglion/socket-protocol.md",
    ] { #expect(outcome.lines.contains(file), "\(file) \(outcome.errors)") }
    // The units name the program where it was put; the example names a model where there is none yet.
    #expect(outcome.lines.contains("0"))
    #expect(outcome.lines.contains { $0.contains("etc/ganglion/ganglion.yaml:3: model 'commands'") })
    #expect(Array(outcome.lines.suffix(2)) == ["./etc/ganglion/ganglion.yaml", "0"])
  }
}
