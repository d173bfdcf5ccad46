/// What there is to be announced: sources, models, and which of them belong together.
package struct HomeLayout: Equatable, Sendable {
  /// A model as the streams of a source know it.
  package struct Listener: Equatable, Sendable {
    package var model: String
    /// Those that can be detected.
    package var labels: [String]
    /// Tasks to choose between; empty where there is only one.
    package var tasks: [String]

    package init(model: String, labels: [String], tasks: [String] = []) {
      self.model = model
      self.labels = labels
      self.tasks = tasks
    }
  }

  package struct Source: Equatable, Sendable {
    package var id: String
    package var carriesEvents: Bool
    package var listeners: [Listener]

    package init(id: String, carriesEvents: Bool, listeners: [Listener]) {
      self.id = id
      self.carriesEvents = carriesEvents
      self.listeners = listeners
    }
  }

  /// The program with its version.
  package var program: String
  package var sources: [Source]
  /// Names of all models, each once.
  package var models: [String]

  package init(program: String, sources: [Source] = [], models: [String] = []) {
    self.program = program
    self.sources = sources
    self.models = models
  }
}
