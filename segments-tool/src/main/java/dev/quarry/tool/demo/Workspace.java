package dev.quarry.tool.demo;

import dev.quarry.tool.store.StoreGuard;
import dev.quarry.tool.terminal.CommandFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Where the demo works. What it made itself it removes, also when it is interrupted. */
final class Workspace implements AutoCloseable {

  private static final List<String> IN_MEMORY = List.of("tmpfs", "ramfs");

  private final Path directory;
  private final boolean kept;
  private final Thread hook = new Thread(this::abandon);

  private Workspace(Path directory, boolean kept) {
    this.directory = directory;
    this.kept = kept;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Makes one.
   *
   * @param chosen an empty or missing directory, which is kept; a temporary one if it is null
   * @param bytes how many may be written there
   */
  static Workspace make(@Nullable Path chosen, boolean keep, long bytes) throws IOException {
    if (chosen != null) {
      new StoreGuard().checkPlace(chosen);
      Files.createDirectories(chosen);
      try (Stream<Path> entries = Files.list(chosen)) {
        if (entries.findAny().isPresent()) {
          throw new CommandFailedException(chosen + " is not empty");
        }
      }
    }
    Path parent = chosen != null ? chosen : temporaryParent();
    long usable = Files.getFileStore(parent).getUsableSpace();
    if (usable < bytes) {
      throw new CommandFailedException(
          "the demo needs "
              + bytes
              + " bytes of disk, there are "
              + usable
              + " at "
              + parent
              + "; choose another place by --dir, or fewer bytes by --bytes");
    }
    return chosen != null
        ? new Workspace(chosen, true)
        : new Workspace(Files.createTempDirectory(parent, "quarry-demo-"), keep);
  }

  /** Where temporary files go, unless that is memory and no disk. */
  private static Path temporaryParent() throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    return IN_MEMORY.contains(Files.getFileStore(temporary).type())
        ? Path.of("").toAbsolutePath()
        : temporary;
  }

  Path directory() {
    return directory;
  }

  /** Whether the directory stays. */
  boolean isKept() {
    return kept;
  }

  /** The file system that the directory is on, in words. */
  String fileSystem() throws IOException {
    return Files.getFileStore(directory).type();
  }

  /** Removes a directory and all in it. */
  static void remove(Path directory) {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      // What cannot be removed stays: the demo has said what it had to say.
    }
  }

  private void abandon() {
    ProcessHandle.current().children().forEach(ProcessHandle::destroyForcibly);
    removeUnlessKept();
  }

  private void removeUnlessKept() {
    if (!kept) {
      remove(directory);
    }
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(hook);
    removeUnlessKept();
  }
}
