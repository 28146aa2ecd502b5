package dev.quarry.tool.demo;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.StoreStats;
import dev.quarry.tool.inspect.SegmentTable;
import dev.quarry.tool.inspect.StoreFiles;
import dev.quarry.tool.store.Importer;
import dev.quarry.tool.store.SourceFile;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** The steps of the demo, in their order. */
final class Demo {

  private static final int ROWS_SHOWN = 8;

  private final Narrator narrator;
  private final Workspace workspace;
  private final Path directory;
  private final Path list;
  private final long ratioBytes;

  /** By name, in the order of their keys. */
  private final Map<String, DemoFile> files = new LinkedHashMap<>();

  private long bytes;

  Demo(Console console, Workspace workspace, long ratioBytes) {
    this.narrator = new Narrator(console);
    this.workspace = workspace;
    this.directory = workspace.directory().resolve("store");
    this.list = workspace.directory().resolve("files.txt");
    this.ratioBytes = ratioBytes;
  }

  /** Runs all steps; returns whether everything was proven. */
  boolean run(SourceChoice choice) throws IOException, InterruptedException {
    narrator.line(
        "Quarry demo in "
            + workspace.directory()
            + " ("
            + workspace.fileSystem()
            + "), Java "
            + Runtime.version().feature()
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " processors");
    digest(choice);
    proveAfterCrash(importAndKill());
    finishImport();
    proveAll();
    new DeletesAndLists(narrator, directory, files.values()).run();
    measureRatios();
    showSegments();
    return narrator.conclude();
  }

  private void digest(SourceChoice choice) throws IOException {
    narrator.step("Real files, from " + choice.from());
    long start = System.nanoTime();
    choice.files().parallelStream()
        .map(Demo::digest)
        .flatMap(Optional::stream)
        .forEachOrdered(file -> files.put(file.name(), file));
    long nanos = System.nanoTime() - start;
    bytes = files.values().stream().mapToLong(file -> file.source().size()).sum();
    FileList.write(list, List.copyOf(files.values()));
    narrator.fact("files", Units.count(files.size()) + ", " + Units.bytes(bytes));
    narrator.fact(
        "SHA-256", "of each taken in " + Units.time(nanos) + ": " + Units.throughput(bytes, nanos));
  }

  private static Optional<DemoFile> digest(SourceFile file) {
    try {
      return Optional.of(new DemoFile(file, Sha256.of(file.path())));
    } catch (IOException e) {
      return Optional.empty(); // gone or locked since it was listed: not a file of the demo
    }
  }

  private Ledger importAndKill() throws IOException, InterruptedException {
    narrator.step(
        "Import in a process of its own, " + Importer.DEFAULT_THREADS + " durable puts in flight");
    try (ImportProcess process = new ImportProcess(directory, list, Importer.DEFAULT_THREADS)) {
      process.killAfter(bytes / 2);
      Ledger ledger = process.ledger();
      narrator.fact("killed", "process " + process.pid() + ", by SIGKILL, midway");
      tellPuts(process.putsAtKill(), process.bytesAtKill(), process.nanosAtKill());
      tellWritten(
          process.writtenAtKill(),
          "right before the kill, for puts in flight and untold ones, too");
      tellOpening(ledger.opened());
      narrator.fact(
          "in flight",
          ledger.inFlight().size()
              + " puts had not returned when it ended, "
              + Units.count(ledger.acknowledged().size())
              + " had");
      return ledger;
    }
  }

  private void tellPuts(long puts, long putBytes, long nanos) {
    narrator.fact(
        "acknowledged",
        Units.count(puts)
            + " puts, "
            + Units.bytes(putBytes)
            + ", in "
            + Units.time(nanos)
            + ": "
            + Units.throughput(putBytes, nanos)
            + ", "
            + Units.rate(puts, nanos, "puts"));
  }

  private void tellWritten(OptionalLong written, String when) {
    narrator.fact(
        "written",
        written.isEmpty()
            ? "not available on this system"
            : Units.bytes(written.getAsLong()) + " by the system's count " + when);
  }

  private void tellRatio(OptionalLong written, long putBytes, String when) {
    String ratio = Units.ratio(written.orElse(0), putBytes);
    tellWritten(written, when + ": " + ratio + " per byte put");
  }

  /** A new durable store writes a file of zeros, once: room for when the disk is full. */
  private void tellOpening(long opened) {
    if (opened > 0) {
      narrator.fact(
          "not counted",
          Units.bytes(opened) + " before the first put: a new store makes its reserve once");
    }
  }

  private void proveAfterCrash(Ledger ledger) {
    narrator.step("Reopened after the kill");
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      StoreStats stats = store.stats();
      tellRecovery(stats);
      Proof acknowledged = Proof.of(store, named(ledger.acknowledged()));
      narrator.check(
          acknowledged.allIntact(), "all acknowledged files are there, " + inWords(acknowledged));
      Proof inFlight = Proof.of(store, named(ledger.inFlight()));
      narrator.check(
          inFlight.count(Proof.Fate.WRONG) == 0,
          "of "
              + ledger.inFlight().size()
              + " in flight "
              + (inFlight.count(Proof.Fate.INTACT) + inFlight.count(Proof.Fate.CHANGED))
              + " are there whole, "
              + inFlight.count(Proof.Fate.ABSENT)
              + " not at all, none in part");
      int there =
          ledger.acknowledged().size()
              + ledger.inFlight().size()
              - inFlight.count(Proof.Fate.ABSENT);
      narrator.check(stats.keys() == there, "there is no other key: " + Units.count(stats.keys()));
    }
  }

  private List<DemoFile> named(Collection<String> names) {
    return names.stream().map(files::get).toList();
  }

  private void tellRecovery(StoreStats stats) {
    narrator.fact(
        "recovery",
        Units.time(stats.recoveryNanos())
            + " for "
            + Units.count(stats.keys())
            + " keys in "
            + stats.segments()
            + " segments, "
            + stats.damagedFiles()
            + " damaged files");
  }

  private static String inWords(Proof proof) {
    int changed = proof.count(Proof.Fate.CHANGED);
    return "by SHA-256: "
        + Units.count(proof.count(Proof.Fate.INTACT))
        + (changed == 0 ? "" : ", and " + changed + " that others changed meanwhile")
        + ", "
        + Units.bytes(proof.bytes())
        + " at "
        + Units.throughput(proof.bytes(), proof.nanos());
  }

  private void finishImport() throws IOException, InterruptedException {
    narrator.step("Import finished, in a new process");
    try (ImportProcess process = new ImportProcess(directory, list, Importer.DEFAULT_THREADS)) {
      process.finish();
      Ledger ledger = process.ledger();
      narrator.fact("skipped", Units.count(ledger.skipped()) + " that were there, by SHA-256");
      tellPuts(ledger.acknowledged().size(), ledger.acknowledgedBytes(), ledger.nanos());
      tellRatio(ledger.written(), ledger.acknowledgedBytes(), "when it had closed the store");
    }
  }

  private void proveAll() {
    narrator.step("Reopened after the import");
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      tellRecovery(store.stats());
      Proof proof = Proof.of(store, files.values());
      narrator.check(proof.allIntact(), "all files are there, " + inWords(proof));
      narrator.check(store.stats().keys() == files.size(), "there is no other key");
    }
  }

  private void measureRatios() throws InterruptedException {
    narrator.step("Bytes written per byte put: durable, values of 128 KiB, no overwrites");
    for (int writers : new int[] {1, 4}) {
      Path fresh = workspace.directory().resolve("ratio-" + writers);
      WriteRatio ratio = WriteRatio.measure(fresh, writers, ratioBytes);
      Workspace.remove(fresh);
      narrator.fact(
          writers == 1 ? "1 writer" : writers + " writers",
          Units.count(ratio.values())
              + " puts, "
              + Units.bytes(ratio.bytes())
              + ": "
              + Units.throughput(ratio.bytes(), ratio.nanos())
              + ", "
              + Units.rate(ratio.values(), ratio.nanos(), "puts"));
      tellRatio(ratio.counted(), ratio.bytes(), "(the store says " + reported(ratio) + ")");
      if (ratio.counted().isPresent()) {
        tellOpening(ratio.opening());
        narrator.check(
            ratio.isWithinBar(), "at most " + WriteRatio.BAR + " bytes written per byte put");
      }
    }
  }

  private static String reported(WriteRatio ratio) {
    return Units.ratio(ratio.reported(), ratio.bytes());
  }

  private void showSegments() throws IOException {
    List<String> lines = SegmentTable.of(new StoreFiles(directory)).lines();
    narrator.step("Segments, as quarry segments ls shows them");
    int rows = lines.size() - 1;
    for (int i = 0; i <= rows; i++) {
      boolean shown = rows <= ROWS_SHOWN || i <= ROWS_SHOWN / 2 || i > rows - ROWS_SHOWN / 2;
      if (shown) {
        narrator.line("   " + lines.get(i));
      } else if (i == ROWS_SHOWN / 2 + 1) {
        narrator.line("   ... " + (rows - ROWS_SHOWN) + " more");
      }
    }
    if (workspace.isKept()) {
      narrator.line("");
      narrator.line("The store is kept in " + directory);
    }
  }
}
