package dev.quarry.tool.store;

import dev.quarry.Blob;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Writes values to files so that none is ever seen half written. */
final class WholeFile {

  private WholeFile() {}

  /** Writes a value to where a name leads: in place of a file, or into a device or pipe. */
  static void write(Path file, Blob blob) throws IOException {
    Path target = Files.exists(file) ? file.toRealPath() : file;
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      writeInto(target, blob, StandardOpenOption.WRITE);
    } else {
      replace(target, blob);
    }
  }

  /** Gives a name to a new file with a value, and takes it from the file or link that had it. */
  static void replace(Path file, Blob blob) throws IOException {
    Path temporary = file.resolveSibling(".quarry-" + UUID.randomUUID() + ".tmp");
    try {
      writeInto(temporary, blob, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static void writeInto(Path file, Blob blob, OpenOption... options) throws IOException {
    try (FileChannel channel = FileChannel.open(file, options)) {
      blob.writeTo(channel);
    }
  }
}
