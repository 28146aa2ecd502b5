package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "import",
    description = {
      "Puts every regular file below a directory.",
      "The store is created when it is missing, durable unless --cache is given.",
      "A file that cannot be read, or changes while it is read, is reported and left out.",
      "Links are not followed."
    })
public final class ImportCommand implements Callable<Integer> {

  private final Console console;
  private final AtomicLong failures = new AtomicLong();

  @Spec private CommandSpec spec;
  @Mixin private StoreOptions store;

  @Parameters(
      index = "1",
      paramLabel = "DIR",
      description = "Keys are file names relative to it, with / between directories.")
  private Path directory;

  @Option(
      names = "--prefix",
      paramLabel = "P",
      defaultValue = "",
      converter = KeyText.Prefix.class,
      description = "What goes before each file name to make the key.")
  private KeyText prefix;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Files in flight at once (${DEFAULT-VALUE}).")
  private int threads = Importer.DEFAULT_THREADS;

  public ImportCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (threads < 1 || threads > 1024) {
      throw new ParameterException(spec.commandLine(), "--threads is not in 1..1024: " + threads);
    }
    List<SourceFile> files = SourceTree.walk(directory, prefix, store.directory(), this::complain);
    long bytes = files.stream().mapToLong(SourceFile::size).sum();
    Importer.Totals totals;
    try (BlobStore opened = store.openOrCreate(console);
        ImportProgress progress = new ImportProgress(console, bytes, this::complain)) {
      totals = new Importer(opened, threads, progress).run(files);
    }
    report(totals);
    return failures.get() == 0 ? 0 : 1;
  }

  private void complain(String failure) {
    failures.incrementAndGet();
    console.complain(failure);
  }

  private void report(Importer.Totals totals) {
    console.println(
        "imported "
            + Units.count(totals.files())
            + " files, "
            + Units.bytes(totals.bytes())
            + ", in "
            + Units.time(totals.nanos())
            + ": "
            + Units.throughput(totals.bytes(), totals.nanos())
            + ", "
            + Units.rate(totals.files(), totals.nanos(), "puts")
            + (failures.get() == 0 ? "" : "; " + failures + " failed"));
  }
}
