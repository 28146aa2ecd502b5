package dev.quarry.benchmarks.measure;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The option by which a command is told where its store goes. */
public final class ScratchOption {

  @Option(
      names = "--directory",
      description =
          "Where to put the store, in a directory of its own, which is deleted afterwards; the"
              + " system's temporary directory if not told.")
  private @Nullable Path directory;

  /** Whether it was given. */
  public boolean isGiven() {
    return directory != null;
  }

  /**
   * Creates a directory there.
   *
   * @param spec of the command
   * @throws ParameterException if there cannot be any where the option says
   */
  public ScratchDirectory create(CommandSpec spec) throws IOException {
    try {
      return ScratchDirectory.in(directory);
    } catch (IOException e) {
      if (directory == null) {
        throw e;
      }
      throw new ParameterException(
          spec.commandLine(), "--directory " + directory + ": " + Reason.of(e), e);
    }
  }
}
