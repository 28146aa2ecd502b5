package dev.quarry;

import dev.quarry.segment.DirectorySyncUnsupportedException;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Finds out whether a store can work in a directory, before anything is acknowledged: whatever a
 * store does later with the directories it has is tried once. A store that cannot work is refused
 * with a message that says what to do.
 *
 * <ol>
 *   <li>{@link #prepare}, before the store is locked: the directory is created if it is missing. A
 *       directory of other things is refused, and so is one that cannot be synced or written; no
 *       file is left in it.
 *   <li>{@link #prepareParts}, once the store is locked: directories of the store that are missing,
 *       as backup tools leave out empty ones, are created; a file is created in each, and renamed
 *       as a log is when it becomes a segment.
 * </ol>
 *
 * <p>A crash at any call leaves empty directories, or an empty {@linkplain StoreLayout#probe probe}
 * that the next opening removes.
 */
final class DirectoryCheck {

  private final Path directory;
  private final StoreLayout layout;
  private final boolean durable;
  private final Disk disk;

  DirectoryCheck(Path directory, StoreMode mode, Disk disk) {
    this.directory = directory;
    this.layout = new StoreLayout(directory);
    this.durable = mode == StoreMode.DURABLE;
    this.disk = disk;
  }

  // ---- before the lock ----

  /**
   * Creates the directory if it is missing.
   *
   * @throws IllegalArgumentException if it is not a directory, not one of the default file system,
   *     or one of other things
   * @throws StoreFailedException if the file system cannot do what the store needs
   */
  void prepare() throws IOException {
    if (!directory.getFileSystem().equals(FileSystems.getDefault())) {
      throw new IllegalArgumentException(
          directory
              + " is in another file system of Java ("
              + directory.getFileSystem().provider().getScheme()
              + "); a store needs a directory of the default one, as Path.of gives");
    }
    createDirectory();
    requireStoreOrNothing();
    requireSync(directory);
    if (!disk.exists(layout.lock())) {
      requireWritable();
    }
  }

  /**
   * Creates what is missing of the directory's path, from the top, each name made durable before
   * the next. A STORE is thus never in a directory that a crash could take back; where there is
   * none yet, the last name found may be one that an earlier attempt was killed over.
   */
  private void createDirectory() throws IOException {
    Deque<Path> missing = new ArrayDeque<>();
    Path found = directory.toAbsolutePath();
    for (; found != null && !disk.exists(found); found = found.getParent()) {
      missing.push(found);
    }
    try {
      disk.createDirectories(found == null ? directory : found); // fails if it is a file
      if (found != null && !disk.exists(layout.store())) {
        syncNameIfPossible(found);
      }
      for (Path name : missing) {
        create(name);
      }
    } catch (FileAlreadyExistsException e) {
      throw new IllegalArgumentException(
          directory
              + " is not a directory: "
              + e.getFile()
              + " is a file, or a symbolic link that leads nowhere",
          e);
    }
  }

  /** Nothing is created where its name cannot be made durable, unless it is for a cache. */
  private void create(Path name) throws IOException {
    Path parent = name.getParent();
    if (durable && parent != null) {
      requireSync(parent);
    }
    disk.createDirectories(name);
    if (durable && parent != null) {
      disk.syncDirectory(parent);
    } else {
      syncNameIfPossible(name);
    }
  }

  /**
   * Makes the name of a directory durable. If its parent cannot be synced, somebody else made the
   * directory of a durable store: an earlier attempt would have been refused before it created
   * anything. A cache whose directory a power failure takes back is an empty cache.
   */
  private void syncNameIfPossible(Path name) throws IOException {
    Path parent = name.getParent();
    if (parent != null) {
      try {
        disk.syncDirectory(parent);
      } catch (DirectorySyncUnsupportedException e) {
        // as above
      } catch (IOException e) {
        if (!isDenied(e)) {
          throw e;
        }
      }
    }
  }

  /** Whether the cause is a missing permission, as opposed to descriptors or memory. */
  private static boolean isDenied(IOException e) {
    return e instanceof AccessDeniedException || e.getCause() instanceof AccessDeniedException;
  }

  /** Refuses a directory of other things before anything is left in it. */
  private void requireStoreOrNothing() throws IOException {
    if (!disk.exists(layout.store())) {
      List<String> strangers = layout.strangers(disk);
      if (!strangers.isEmpty()) {
        throw new IllegalArgumentException(
            directory + " is not a store: there is no STORE in it, but " + strangers.get(0));
      }
    }
  }

  private void requireSync(Path place) throws IOException {
    try {
      disk.syncDirectory(place);
    } catch (DirectorySyncUnsupportedException e) {
      throw new StoreFailedException(
          "no durable store can be in "
              + directory
              + ", as "
              + e.getMessage()
              + "; use a local file system, or open a cache",
          e);
    } catch (IOException e) {
      if (!isDenied(e) || place.equals(directory)) {
        throw e;
      }
      throw new StoreFailedException(
          "cannot create "
              + directory
              + " durably, as "
              + place
              + " may not be read, and so not be synced; create the directory yourself",
          e);
    }
  }

  /**
   * Tries a file where there is no store yet. That of another process that does the same at this
   * moment will do; one of the two then finds the store locked.
   */
  private void requireWritable() throws IOException {
    try {
      tryFile(directory);
    } catch (FileAlreadyExistsException | NoSuchFileException e) {
      // as above
    }
  }

  private void tryFile(Path place) throws IOException {
    Path probe = layout.probe(place);
    disk.create(probe).close();
    disk.delete(probe);
  }

  // ---- once the store is locked ----

  /**
   * Creates the directories of the store that are missing, and tries a file in each.
   *
   * @throws StoreFailedException if the file system cannot do what the store needs
   */
  void prepareParts() throws IOException {
    List<Path> parts = List.of(directory, layout.checkpointDirectory(), layout.segments());
    for (Path part : parts) {
      disk.delete(layout.probe(part)); // a crash left it
    }
    createMissing();
    try {
      for (Path part : parts) {
        if (disk.exists(part)) { // that of the checkpoint is made with the first one
          tryFile(part);
        }
      }
      if (durable) {
        tryRename();
      }
    } catch (DiskFullException e) {
      // a full disk says nothing about the place, and recovery has a reserve for it
    }
  }

  private void createMissing() throws IOException {
    boolean complete = true;
    for (Path part : List.of(layout.segments(), layout.logs())) {
      if (!disk.exists(part)) {
        disk.createDirectories(part);
        complete = false;
      }
    }
    if (!complete) {
      disk.syncDirectory(directory);
    }
  }

  /** Tries how a log becomes a segment. */
  private void tryRename() throws IOException {
    Path from = layout.probe(layout.logs());
    Path to = layout.probe(layout.segments());
    disk.delete(from); // a crash left it
    disk.create(from).close();
    try {
      disk.rename(from, to);
    } catch (AtomicMoveNotSupportedException e) {
      disk.delete(from);
      throw new StoreFailedException(
          layout.logs()
              + " and "
              + layout.segments()
              + " are on different file systems or mounts, between which no file can be renamed;"
              + " move the whole directory "
              + directory
              + " instead of a part of it",
          e);
    }
    disk.delete(to);
  }
}
