import ArgumentParser
import CommandSupport
import Foundation

/// `ganglion manual`: the man page, made from what the commands say about themselves.
struct Manual: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the manual page, in troff.", shouldDisplay: false)

  func run() throws {
    let page = try ManualPage(dump: Data(Ganglion._dumpHelp().utf8), version: Ganglion.configuration.version)
    for line in page.text.split(separator: "\n", omittingEmptySubsequences: false) {
      try StandardOutput.shared.write(line: String(line))
    }
  }
}

/// The description of a command that the argument parser gives, and its manual page.
struct ManualPage {
  private struct Dump: Decodable {
    var command: Command
  }

  private struct Command: Decodable {
    var commandName: String
    var abstract: String?
    var discussion: String?
    var shouldDisplay: Bool?
    var arguments: [Argument]?
    var subcommands: [Command]?
  }

  private struct Argument: Decodable {
    var kind: String
    var names: [Name]?
    var valueName: String?
    var abstract: String?
    var defaultValue: String?
    var shouldDisplay: Bool
    var isOptional: Bool
    var isRepeating: Bool
  }

  private struct Name: Decodable {
    var kind: String
    var name: String
  }

  /// In troff, with the macros of man(7).
  private(set) var text: String

  init(dump: Data, version: String) throws {
    guard let command = try? JSONDecoder().decode(Dump.self, from: dump).command else {
      throw FigureError(description: "what the commands say about themselves cannot be read")
    }
    text = ".TH GANGLION 1 \"\" \"ganglion \(version)\" \"User commands\"\n"
    text += ".SH NAME\nganglion \\- \(Self.escaped(command.abstract ?? ""))\n"
    text += ".SH SYNOPSIS\n.B ganglion\n.I command\n.RI [ options ]\n.SH COMMANDS\n"
    add(command.subcommands ?? [], path: "ganglion")
    text += ".SH SEE ALSO\nThe socket protocol, the example configuration and the threat model are in "
    text += "/usr/local/share/doc/ganglion.\n"
  }

  private mutating func add(_ commands: [Command], path: String) {
    for command in commands where command.shouldDisplay != false && command.commandName != "help" {
      let name = "\(path) \(command.commandName)"
      text += ".SS \(Self.escaped(name))\n\(Self.escaped(command.abstract ?? ""))\n"
      // Exit codes are the same everywhere and come in tables; paragraphs before them flow.
      let discussion = command.discussion?.components(separatedBy: "EXIT CODES:")
      for paragraph in discussion?.first?.split(separator: "\n") ?? [] {
        text += ".PP\n\(Self.escaped(String(paragraph)))\n"
      }
      for argument in command.arguments ?? [] where argument.shouldDisplay { add(argument) }
      if let codes = discussion?.dropFirst().first {
        text += ".PP\nExit codes:\n.nf\n"
        for line in codes.split(separator: "\n") { text += "\(Self.escaped(String(line)))\n" }
        text += ".fi\n"
      }
      add(command.subcommands ?? [], path: name)
    }
  }

  private mutating func add(_ argument: Argument) {
    let value = argument.valueName.map { "\\fI\(Self.escaped($0))\\fR" } ?? ""
    let names = (argument.names ?? []).map { name in
      "\\fB\(Self.escaped((name.kind == "long" ? "--" : "-") + name.name))\\fR"
    }
    var title = names.joined(separator: ", ")
    if argument.kind == "option" { title += " " + value }
    if argument.kind == "positional" { title = value }
    if argument.isRepeating { title += " ..." }
    text += ".TP\n\(title)\n\(Self.escaped(argument.abstract ?? ""))"
    if let standard = argument.defaultValue { text += " Default: \(Self.escaped(standard))." }
    text += "\n"
  }

  /// Text that troff takes as it is, also where a line begins with a dot or a quote.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "." where result.isEmpty, "'" where result.isEmpty: result += "\\&\(character)"
      default: result.append(character)
      }
    }
    return result
  }
}
