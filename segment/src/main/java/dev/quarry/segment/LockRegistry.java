package dev.quarry.segment;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The lock files that stores of this JVM hold, whatever class loader they come from and whatever
 * name leads to the file: one system property each, as those are all that class loaders have in
 * common. Name and value are strings, since other code may write all properties to a file.
 */
final class LockRegistry {

  private static final String PREFIX = "dev.quarry.lock.";

  /** One object for all class loaders: interned strings belong to the JVM. */
  private static final Object CREATION = "dev.quarry.lock's creation".intern();

  private LockRegistry() {}

  /**
   * What tells a file from all others, under each of its names: device and inode, or the real path
   * where the file system has no such thing.
   */
  static Object key(Path file) throws IOException {
    Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    return key == null ? file.toRealPath() : key;
  }

  /** Whether a name still leads to a file. */
  static boolean leads(Path name, Object key) throws IOException {
    try {
      return key.equals(key(name));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /**
   * Creates a file unless it is there. Creating a file opens and closes it, which would drop a lock
   * that another store of this JVM took in between. All class loaders therefore create under one
   * monitor.
   *
   * @return its key
   */
  static Object create(Path file) throws IOException {
    synchronized (CREATION) {
      try {
        Files.createFile(file);
      } catch (FileAlreadyExistsException e) {
        // Left from the last time: deleting it on release would race with the next to lock it.
      }
      return key(file);
    }
  }

  /**
   * Notes that a store is about to lock a file.
   *
   * @param properties of the system, as they are now
   * @param name what the store calls the file
   * @return what the store calls it that has it already; null if there was none
   */
  static @Nullable String claim(Properties properties, Object key, String name) {
    Object holder = properties.putIfAbsent(PREFIX + key, name);
    return holder == null ? null : holder.toString();
  }

  /**
   * Takes back what {@link #claim} noted. Nothing may be open on the file any more.
   *
   * @param properties in which it was noted; the application may have others in use by now, and
   *     these again later
   */
  static void release(Properties properties, Object key, String name) {
    properties.remove(PREFIX + key, name);
    System.getProperties().remove(PREFIX + key, name);
  }
}
