package dev.quarry.tool.inspect;

import dev.quarry.segment.MappedSegment;
import dev.quarry.tool.terminal.ByteSize;
import dev.quarry.tool.terminal.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Shows the bytes of one file. */
@Command(
    name = "dump",
    description = "Shows the bytes of a segment or log in hexadecimal, each field with its name.")
final class SegmentsDumpCommand implements Callable<Integer> {

  private final Console console;

  @Parameters(index = "0", paramLabel = "STORE", description = "The directory of the store.")
  private Path directory;

  @Parameters(index = "1", paramLabel = "ID", description = "The segment, as segments ls shows it.")
  private long id;

  @Option(
      names = "--offset",
      paramLabel = "N",
      converter = ByteSize.class,
      description = "Begin at the first record there or behind (0).")
  private long offset;

  @Option(
      names = "--length",
      paramLabel = "N",
      converter = ByteSize.class,
      description = "End with the record that reaches so many bytes further (4 KiB).")
  private long length = 4096;

  SegmentsDumpCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    StoreFiles store = new StoreFiles(directory);
    FileReport file = store.report(id);
    console.println("# " + file.path() + ": " + file.size() + " bytes, " + file.state());
    if (file.size() > 0) {
      MappedSegment mapped = MappedSegment.map(store.disk(), file.path());
      try {
        new RecordDump(console, mapped, file).print(offset, length);
      } finally {
        mapped.retire();
      }
    }
    return 0;
  }
}
