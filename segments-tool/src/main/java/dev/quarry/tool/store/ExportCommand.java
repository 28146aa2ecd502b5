package dev.quarry.tool.store;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.CorruptionException;
import dev.quarry.ResourceExhaustedException;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Reason;
import dev.quarry.tool.terminal.SystemError;
import dev.quarry.tool.terminal.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "export",
    description = {
      "Writes every value to a file below a directory, named as its key.",
      "A key that is no such name, as ../x or /x, is reported and left out, and so is a damaged value.",
      "Exit code 1 if anything was left out."
    })
public final class ExportCommand implements Callable<Integer> {

  private final Console console;
  private long files;
  private long bytes;
  private long leftOut;

  @Mixin private StoreOptions store;

  @Parameters(
      index = "1",
      paramLabel = "DIR",
      description = "Created when it is missing; files in it are replaced.")
  private Path directory;

  @Option(
      names = "--prefix",
      paramLabel = "P",
      defaultValue = "",
      converter = KeyText.Prefix.class,
      description = "Only keys that begin so; the file names are the whole keys.")
  private KeyText prefix;

  public ExportCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    try (BlobStore opened = store.openExisting(console)) {
      ExportTarget target = new ExportTarget(directory, new StoreGuard(store.directory()));
      try (KeyListing listing = new KeyListing(opened, prefix)) {
        while (listing.next()) {
          exportOrReport(opened, listing.key(), target);
        }
        listing.checkComplete();
      } finally {
        report(System.nanoTime() - start);
      }
    }
    return leftOut == 0 ? 0 : 1;
  }

  private void exportOrReport(BlobStore opened, byte[] key, ExportTarget target) {
    try {
      export(opened, key, target);
    } catch (IOException
        | IllegalArgumentException
        | CorruptionException
        | ResourceExhaustedException
        | CommandFailedException e) {
      leftOut++;
      String name = KeyText.show(key);
      SystemError error = SystemError.of(e);
      if (error != null && error.meetsEveryFile()) {
        throw new CommandFailedException("export stopped at " + name + ": " + Reason.of(e), e);
      }
      console.complain(name + ": not exported: " + Reason.of(e));
    }
  }

  private void export(BlobStore opened, byte[] key, ExportTarget target) throws IOException {
    try (Blob blob = opened.view(key)) {
      if (blob == null) {
        throw new CommandFailedException("the key has no value any more");
      }
      WholeFile.replace(target.file(key), blob);
      files++;
      bytes += blob.size();
    }
  }

  private void report(long nanos) {
    console.println(
        "exported "
            + Units.count(files)
            + " files, "
            + Units.bytes(bytes)
            + ", in "
            + Units.time(nanos)
            + ": "
            + Units.throughput(bytes, nanos)
            + (leftOut == 0 ? "" : "; " + Units.count(leftOut) + " failed"));
  }
}
