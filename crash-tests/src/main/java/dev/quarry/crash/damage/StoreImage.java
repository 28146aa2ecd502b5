package dev.quarry.crash.damage;

import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The files of a store at one moment, by their names. Never changes, if nobody changes the arrays
 * it gives out; one with another file shares all others with it.
 */
public final class StoreImage {

  /** Where the store of every image is. */
  public static final Path ROOT = Path.of("/store");

  /** The names of the files of that store. */
  public static final StoreLayout LAYOUT = new StoreLayout(ROOT);

  private static final List<Path> DIRECTORIES =
      List.of(ROOT, LAYOUT.segments(), LAYOUT.logs(), LAYOUT.checkpointDirectory());

  private final SortedMap<Path, byte[]> files;

  private StoreImage(SortedMap<Path, byte[]> files) {
    this.files = Collections.unmodifiableSortedMap(files);
  }

  /** A directory with nothing in it. */
  public static StoreImage empty() {
    return new StoreImage(new TreeMap<>());
  }

  /** The files that are on a disk now. */
  public static StoreImage of(Disk disk) throws IOException {
    SortedMap<Path, byte[]> files = new TreeMap<>();
    for (Path directory : DIRECTORIES) {
      for (String name : disk.list(directory)) {
        Path path = directory.resolve(name);
        if (!DIRECTORIES.contains(path)) {
          files.put(path, read(disk, path));
        }
      }
    }
    return new StoreImage(files);
  }

  private static byte[] read(Disk disk, Path path) throws IOException {
    try (DiskFile file = disk.openForRead(path)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return bytes.array();
    }
  }

  /** The same with other bytes in one file, which may be a new one. */
  public StoreImage with(Path file, byte[] bytes) {
    SortedMap<Path, byte[]> changed = new TreeMap<>(files);
    changed.put(file, bytes);
    return new StoreImage(changed);
  }

  /** The same without a file. */
  public StoreImage without(Path file) {
    SortedMap<Path, byte[]> changed = new TreeMap<>(files);
    changed.remove(file);
    return new StoreImage(changed);
  }

  /** The bytes of a file, not to be changed. */
  public byte[] bytes(Path file) {
    return Objects.requireNonNull(files.get(file), () -> "there is no " + file);
  }

  /** All files, in the order of their names. */
  public SortedMap<Path, byte[]> files() {
    return files;
  }

  /** The files in one of the store's directories. */
  public List<Path> in(Path directory) {
    return files.keySet().stream().filter(path -> directory.equals(path.getParent())).toList();
  }

  /** A disk that begins with these files. */
  public ImageDisk disk() {
    return new ImageDisk(files, DIRECTORIES);
  }
}
