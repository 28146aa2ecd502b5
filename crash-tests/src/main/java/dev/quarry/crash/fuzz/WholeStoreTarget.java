package dev.quarry.crash.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreOptions;
import dev.quarry.CorruptionException;
import dev.quarry.FormatVersionException;
import dev.quarry.StoreMode;
import dev.quarry.TestBed;
import dev.quarry.crash.damage.ImageDisk;
import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.StoreLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * A whole store of arbitrary files, opened, read, written to and opened again. The first bit says
 * in which mode; then come parts: which file, two bytes of length, little-endian, and as many bytes
 * that stand for a {@link HostileFile}. A STORE file is there if none is among them.
 */
public final class WholeStoreTarget {

  private static final StoreLayout LAYOUT = StoreImage.LAYOUT;

  /** The files that there can be; which one a part is follows from its place here. */
  static final List<Path> FILES =
      List.of(
          LAYOUT.store(),
          LAYOUT.segment(1),
          LAYOUT.segment(2),
          LAYOUT.segment(10),
          LAYOUT.segment(12),
          LAYOUT.log(1),
          LAYOUT.log(13),
          LAYOUT.checkpoint());

  private static final int KEYS = 24;
  private static final int PART_HEADER = 3;

  private WholeStoreTarget() {}

  /** Called by Jazzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length > 0) {
      StoreMode mode = (input[0] & 1) == 0 ? StoreMode.DURABLE : StoreMode.CACHE;
      StoreImage image = image(input, mode);
      long bytes = image.files().values().stream().mapToLong(file -> file.length).sum();
      Bounds.check(bytes, () -> useTwice(image.disk(), mode));
    }
  }

  private static void useTwice(ImageDisk disk, StoreMode mode) {
    for (int session = 0; session < 2; session++) {
      try {
        use(disk, mode);
      } catch (CorruptionException | FormatVersionException e) {
        // refused
      }
      if (disk.openHandles() != 0) {
        throw new AssertionError(disk.openHandles() + " files left open");
      }
    }
  }

  private static StoreImage image(byte[] input, StoreMode mode) {
    StoreImage image = identity(mode);
    for (int at = 1; at + PART_HEADER <= input.length; ) {
      int length = Short.toUnsignedInt(HostileFile.little(input).getShort(at + 1));
      int end = Math.min(input.length, at + PART_HEADER + length);
      Path path = FILES.get(Math.floorMod(input[at], FILES.size()));
      image = image.with(path, file(path, Arrays.copyOfRange(input, at + PART_HEADER, end)));
      at = end;
    }
    return image;
  }

  private static StoreImage identity(StoreMode mode) {
    try {
      ImageDisk disk = StoreImage.empty().disk();
      SmallStores.identity(SmallStores.STORE, mode, 0).write(disk, LAYOUT);
      return StoreImage.of(disk);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] file(Path path, byte[] part) {
    if (path.equals(LAYOUT.store())) {
      return HostileFile.store(part);
    }
    if (path.equals(LAYOUT.checkpoint())) {
      return HostileFile.checkpoint(part);
    }
    return path.startsWith(LAYOUT.logs()) ? HostileFile.log(part) : HostileFile.segment(part);
  }

  private static void use(ImageDisk disk, StoreMode mode) {
    BlobStoreOptions options = SmallStores.lax(mode);
    try (BlobStore store = TestBed.inline(disk).open(StoreImage.ROOT, options)) {
      for (int i = 0; i < KEYS; i++) {
        byte[] key = ("key" + i).getBytes(UTF_8);
        tolerate(() -> store.get(key));
        tolerate(() -> store.get(key, ByteBuffer.allocate(1 << 16)));
        tolerate(() -> store.contains(key));
        if (i % 3 == 0) {
          tolerate(() -> store.delete(key));
        }
        if (i % 4 == 0) {
          store.put(key, new byte[i]);
          if (!Arrays.equals(new byte[i], store.get(key))) {
            throw new AssertionError("what was put is not there: key" + i);
          }
        }
      }
    } catch (IllegalArgumentException e) {
      if (!String.valueOf(e.getMessage()).contains("store, not a")) { // of the other mode
        throw e;
      }
    }
  }

  private static void tolerate(Runnable read) {
    try {
      read.run();
    } catch (CorruptionException e) {
      // which is what it is for
    }
  }
}
