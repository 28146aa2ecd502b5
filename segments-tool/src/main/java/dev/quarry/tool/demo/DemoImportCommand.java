package dev.quarry.tool.demo;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.tool.store.ImportListener;
import dev.quarry.tool.store.Importer;
import dev.quarry.tool.store.SourceFile;
import dev.quarry.tool.terminal.Console;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The process that the demo kills: imports, and tells of every put before and after. */
@Command(name = "demo-import", hidden = true, description = "The importing process of the demo.")
public final class DemoImportCommand implements Callable<Integer> {

  private final Console console;

  @Parameters(index = "0", paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  @Parameters(index = "1", paramLabel = "LIST", description = "The list of files.")
  private Path list;

  @Option(names = "--threads", paramLabel = "N", description = "Puts in flight.")
  private int threads = Importer.DEFAULT_THREADS;

  public DemoImportCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Importer.Totals totals;
    try (BlobStore store = BlobStore.open(directory, BlobStoreOptions.durable())) {
      ProcessIo.bytesWritten().ifPresent(bytes -> send(Message.Kind.OPENED, "", bytes));
      List<SourceFile> missing =
          FileList.read(list).stream()
              .filter(file -> !isThere(store, file))
              .map(DemoFile::source)
              .toList();
      totals = new Importer(store, threads, new Reporter()).run(missing);
    }
    send(Message.Kind.NANOS, "", totals.nanos());
    ProcessIo.bytesWritten().ifPresent(bytes -> send(Message.Kind.WRITTEN, "", bytes));
    return totals.failed() == 0 ? 0 : 1;
  }

  private boolean isThere(BlobStore store, DemoFile file) {
    try (Blob blob = store.view(file.key())) {
      boolean there = blob != null && Sha256.of(blob.buffer()).equals(file.sha256());
      if (there) {
        send(Message.Kind.SKIPPED, file.name(), blob.size());
      }
      return there;
    }
  }

  private synchronized void send(Message.Kind kind, String name, long number) {
    new Message(kind, name, number).send(console);
  }

  private final class Reporter implements ImportListener {

    @Override
    public void starting(SourceFile file) {
      send(Message.Kind.STARTED, file.key().toString(), file.size());
    }

    @Override
    public void stored(SourceFile file, long bytes) {
      send(Message.Kind.ACKNOWLEDGED, file.key().toString(), bytes);
    }

    @Override
    public void failed(SourceFile file, Exception failure) {
      console.complain(Reason.of(failure));
      send(Message.Kind.FAILED, file.key().toString(), 0);
    }
  }
}
