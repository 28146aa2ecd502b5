package dev.quarry.tool.store;

import dev.quarry.Blob;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.Reason;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.UUID;

/** Writes values to files so that none is ever seen half written. */
final class WholeFile {

  private WholeFile() {}

  /**
   * Writes a value to where a name leads: in place of a file, or into a device or pipe.
   *
   * @throws CommandFailedException if that fails; a file that was there is as it was
   */
  static void write(Path file, Blob blob, StoreGuard guard) throws IOException {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      naming(file, () -> writeInto(file, blob, StandardOpenOption.WRITE));
      return;
    }
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    guard.checkPlace(Objects.requireNonNull(target.getParent()));
    replace(target, blob);
  }

  /**
   * Gives a name to a new file with a value, and takes it from the file or link that had it.
   *
   * @throws CommandFailedException if that fails; what had the name still has it
   */
  static void replace(Path file, Blob blob) {
    Path temporary = file.resolveSibling(".quarry-" + UUID.randomUUID() + ".tmp");
    naming(
        file,
        () -> {
          try {
            writeInto(temporary, blob, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
          } finally {
            Files.deleteIfExists(temporary);
          }
        });
  }

  private interface Step {
    void run() throws IOException;
  }

  /** A failure tells of the file that was asked for, whatever the name was meanwhile. */
  private static void naming(Path file, Step step) {
    try {
      step.run();
    } catch (NoSuchFileException e) {
      throw new CommandFailedException(
          file + ": there is no directory " + file.toAbsolutePath().getParent(), e);
    } catch (IOException e) {
      throw new CommandFailedException(file + ": " + Reason.words(e), e);
    }
  }

  private static void writeInto(Path file, Blob blob, OpenOption... options) throws IOException {
    try (FileChannel channel = FileChannel.open(file, options)) {
      blob.writeTo(channel);
    }
  }
}
