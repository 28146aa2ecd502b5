package dev.quarry.tool.demo;

import dev.quarry.tool.terminal.ByteSize;
import dev.quarry.tool.terminal.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "demo",
    description = {
      "Kills an import midway and proves that nothing acknowledged is lost.",
      "Imports real files with durable puts in a process of its own, kills it, looks for every"
          + " acknowledged file by its SHA-256, finishes the import, deletes and lists, and prints"
          + " what it measured. Exit code 0 only if everything was proven."
    })
public final class DemoCommand implements Callable<Integer> {

  /** Bytes of values that the ratio of bytes written to bytes put is measured with. */
  private static final long RATIO_BYTES = 256 << 20;

  private static final long SPARE = 100_000_000;

  private final Console console;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where to work, a directory that is empty or missing; it is kept.")
  private @Nullable Path directory;

  @Option(names = "--keep", description = "Keep the temporary directory.")
  private boolean keep;

  @Option(
      names = "--source",
      paramLabel = "DIR",
      description = "The files to import (the local Maven repository, or Java's own files).")
  private @Nullable Path source;

  @Option(
      names = "--bytes",
      paramLabel = "N",
      converter = ByteSize.class,
      description = "The most bytes to import (1GB).")
  private long bytes = 1_000_000_000;

  public DemoCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    SourceChoice choice = SourceChoice.choose(source, bytes);
    long ratioBytes = Math.min(choice.bytes(), RATIO_BYTES);
    long needed = choice.bytes() / 4 * 5 + ratioBytes * 2 + SPARE;
    try (Workspace workspace = Workspace.make(directory, keep, needed)) {
      return new Demo(console, workspace, ratioBytes).run(choice) ? 0 : 1;
    }
  }
}
