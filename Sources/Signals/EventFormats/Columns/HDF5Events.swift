import CKernels
import Events

/// A place in an HDF5 file that holds events, and how.
struct HDF5Events: Sendable {
  enum Layout: Sendable {
    /// One dataset of records; the fields are time, x, y and polarity.
    case records(HDF5Dataset, fields: [Int])
    /// One dataset a column.
    case columns([HDF5Dataset])
    /// Rows of numbers.
    case rows(HDF5Dataset)
    /// Rows of numbers lying on their side: one column after the other.
    case turned(HDF5Dataset)
  }

  /// Path of the group, or of the one dataset, without a slash in front.
  var path: String
  var layout: Layout
  /// Names of all columns, nil for rows of numbers.
  var names: [ColumnName]?

  /// Numbers of one event at most.
  private static let mostColumns = 32

  /// The four columns in datasets of a group, by their names.
  init?(group path: String, children: [String], in file: HDF5File) throws(EventFormatError) {
    let names = children.map { ColumnName($0) }
    let places = EventColumn.allCases.map { $0.indices(among: names) }
    guard places.allSatisfy({ $0.count == 1 }) else { return nil }
    var datasets: [HDF5Dataset] = []
    for place in places.joined() {
      guard let dataset = try file.dataset(path.isEmpty ? children[place] : "\(path)/\(children[place])") else {
        return nil
      }
      datasets.append(dataset)
    }
    guard datasets.allSatisfy({ $0.isColumn }), Set(datasets.map(\.count)).count == 1 else { return nil }
    self.path = path
    layout = .columns(datasets)
    self.names = places.joined().map { names[$0] }
  }

  /// Records with the four columns among their fields, or a table of numbers.
  init?(dataset: HDF5Dataset) {
    path = dataset.path
    if !dataset.fieldNames.isEmpty, dataset.width == nil {
      let names = dataset.fieldNames.map { ColumnName($0) }
      let places = EventColumn.allCases.map { $0.indices(among: names) }
      guard places.allSatisfy({ $0.count == 1 && dataset.types[$0[0]].kind >= 0 }) else { return nil }
      let fields = places.flatMap { $0 }
      layout = .records(dataset, fields: fields)
      self.names = fields.map { names[$0] }
      return
    }
    guard let width = dataset.width, dataset.types.first?.kind ?? -1 >= 0, !dataset.isListOfLists else { return nil }
    if (4...Self.mostColumns).contains(width) {
      layout = .rows(dataset)
    } else if (4...Self.mostColumns).contains(dataset.count) {
      layout = .turned(dataset)
    } else {
      return nil
    }
  }

  /// Number of events.
  var count: Int {
    switch layout {
    case .records(let dataset, _), .rows(let dataset): dataset.count
    case .columns(let datasets): datasets[0].count
    case .turned(let dataset): dataset.width ?? 0
    }
  }

  /// What people call the layout.
  var title: String {
    switch layout {
    case .records: "records in \(path)"
    case .columns: "columns in /\(path)"
    case .rows(let dataset): "rows of \(dataset.width ?? 0) in \(path)"
    case .turned(let dataset): "\(dataset.count) columns in \(path), one after the other"
    }
  }

  /// How the values of a column are kept, counted among all that there are.
  func type(of column: Int) -> ganglion_column_type {
    switch layout {
    case .records(let dataset, let fields): dataset.types[fields[column]]
    case .columns(let datasets): datasets[column].types[0]
    case .rows(let dataset), .turned(let dataset): dataset.types[0]
    }
  }

  /// Number of all columns.
  var width: Int {
    switch layout {
    case .records, .columns: EventColumn.allCases.count
    case .rows(let dataset): dataset.width ?? 0
    case .turned(let dataset): dataset.count
    }
  }

  /// The bytes of some rows, and where in them each column lies.
  func read(_ range: Range<Int>) throws(EventFormatError) -> [(bytes: [Int64], place: ArrayColumn)] {
    func place(_ column: Int, stride: Int, offset: Int = 0) -> ArrayColumn {
      ArrayColumn(offset: 8 * offset, stride: 8 * stride, type: HDF5Dataset.read(type(of: column)))
    }
    switch layout {
    case .records(let dataset, let fields):
      let bytes = try dataset.read(rows: range, fields: fields)
      return (0..<fields.count).map { (bytes, place($0, stride: fields.count, offset: $0)) }
    case .columns(let datasets):
      var columns: [(bytes: [Int64], place: ArrayColumn)] = []
      for (column, dataset) in datasets.enumerated() {
        columns.append((try dataset.read(rows: range), place(column, stride: 1)))
      }
      return columns
    case .rows(let dataset):
      let bytes = try dataset.read(rows: range)
      return (0..<width).map { (bytes, place($0, stride: width, offset: $0)) }
    case .turned(let dataset):
      let bytes = try dataset.read(columns: range)
      return (0..<width).map { (bytes, place($0, stride: 1, offset: $0 * range.count)) }
    }
  }

  /// How the columns are to be read, by the first rows; more of them where few do not settle it.
  func find(_ options: EventReadingOptions) throws(EventFormatError) -> EventTableFinder.Finding {
    var rows = min(count, ArrayColumn.samples)
    while true {
      let columns = try read(0..<rows).map { column in
        column.bytes.withUnsafeBytes { column.place.sample($0, rows: rows) }
      }
      let finding = EventTableFinder(
        columns: columns, names: names, columnsAreNamed: names != nil, options: options, geometry: options.geometry
      ).find()
      guard case .unclear = finding, rows < min(count, 64 * ArrayColumn.samples) else { return finding }
      rows = min(count, 8 * rows)
    }
  }
}

extension HDF5Dataset {
  /// Whether it is one column of numbers.
  fileprivate var isColumn: Bool { width == nil && fieldNames.isEmpty && !isListOfLists && types[0].kind >= 0 }
}
