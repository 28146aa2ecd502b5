package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The seam to the file system: everything Quarry's own files go through. RocksDB does its own I/O
 * and is not behind it.
 *
 * <p>What is assumed of the medium, and what an implementation for tests must therefore model:
 *
 * <ul>
 *   <li>Written bytes are durable after a {@link DiskFile#force} of that file that returned. Before
 *       that, each 512-byte sector may hold any of the versions written to it since, and the file's
 *       size may be anything between the smallest and the largest it had since.
 *   <li>A create, rename or delete is durable after a {@link #syncDirectory} of the directory it
 *       happened in (for a rename, of the directory renamed into). Before that, any subset of them
 *       may survive a crash.
 *   <li>A rename is atomic: the file is under one of its two names or, between the syncs of two
 *       directories, under both; it is never under neither.
 *   <li>After a force that failed, what was written since the last good one may be lost although a
 *       later force succeeds.
 * </ul>
 *
 * <p>What a failed call leaves:
 *
 * <ul>
 *   <li>A {@link DiskFullException} is a lack of space; of a write, an unknown part may be done.
 *   <li>A {@link DiskShortageException} is a lack of descriptors, memory, mappings or a permission.
 *       The call had no effect and may be made again; a {@link #create} may leave an empty file of
 *       the name, if that cannot be deleted either. Every method of this interface can throw it.
 *       {@link #syncDirectory} does when the directory cannot be opened, not when its sync fails.
 *       {@link DiskFile#write}, {@link DiskFile#truncate} and {@link DiskFile#force} never do.
 *   <li>An {@link OutOfMemoryError} says the same, but of a write or cut an unknown part may be
 *       done. It never hides a sync that may have failed.
 *   <li>Any other {@link IOException} is final.
 * </ul>
 *
 * <p>Every {@link IOException} names the file, unless there is no memory for the name. An argument
 * out of its range is an {@link IllegalArgumentException}. Safe for use by any number of threads.
 */
public interface Disk {

  /** Bytes in a block: every write is of whole blocks, at a multiple of a block. */
  int BLOCK = 4096;

  /** Creates a directory and its missing parents; nothing happens when it is there. */
  void createDirectories(Path directory) throws IOException;

  /** Whether there is a file or directory of that name. */
  boolean exists(Path path) throws IOException;

  /** The names in a directory, sorted; empty when there is no such directory. */
  List<String> list(Path directory) throws IOException;

  /** Bytes in a file. */
  long size(Path file) throws IOException;

  /**
   * Creates an empty file for writing, past the page cache where the file system allows it.
   *
   * @throws java.nio.file.FileAlreadyExistsException if there is one
   */
  DiskFile create(Path file) throws IOException;

  /** Opens an existing file for reading and writing, otherwise as {@link #create}. */
  DiskFile open(Path file) throws IOException;

  /** Opens an existing file for reading only. */
  DiskFile openForRead(Path file) throws IOException;

  /**
   * Maps a part of an existing file for reading. For as long as it is mapped, that part must not be
   * written or cut off.
   *
   * @param position where the part begins, in bytes; any position
   * @param length bytes, 1 to 2^31 - 1, all within the file
   */
  Mapping map(Path file, long position, long length) throws IOException;

  /**
   * Renames a file, atomically replacing one that has the new name. Nothing happens when both are
   * names of the same file, as a crash may have left them. Neither may be open for writing: after
   * an interrupt an open file is found again by its name.
   */
  void rename(Path from, Path to) throws IOException;

  /**
   * Deletes a file that is not open for writing, or an empty directory; nothing happens when there
   * is none.
   */
  void delete(Path path) throws IOException;

  /**
   * Makes every create, rename and delete in a directory durable. What a sync that failed was to
   * make durable, a later one need not; so a failure, even for a lack of space, is not one to try
   * again after, and never a {@link DiskFullException}. A {@link DiskShortageException} says that
   * no sync was made.
   *
   * @throws DirectorySyncUnsupportedException if the file system has no such call
   */
  void syncDirectory(Path directory) throws IOException;

  /**
   * Bytes that may still be written below a directory; {@link Long#MAX_VALUE} if the file system
   * does not say.
   */
  long usableSpace(Path directory) throws IOException;

  /**
   * Locks a file against other processes and against this one, creating it when missing. The lock
   * ends with {@link StoreLock#close} or with the process; what can end it sooner, {@link
   * StoreLock#check} finds out.
   *
   * @throws dev.quarry.StoreLockedException if it is locked
   */
  StoreLock lock(Path file) throws IOException;
}
