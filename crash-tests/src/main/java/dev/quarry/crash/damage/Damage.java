package dev.quarry.crash.damage;

import dev.quarry.segment.Disk;
import dev.quarry.segment.RecordFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** What is done to one file of a store. */
enum Damage {
  /** One to eight bits are flipped, anywhere. */
  BITS {
    @Override
    byte[] apply(Site site) {
      byte[] bytes = site.copy();
      for (int i = 1 + site.random().nextInt(8); i > 0; i--) {
        bytes[site.place(1)] ^= (byte) (1 << site.random().nextInt(8));
      }
      return bytes;
    }
  },
  /** Up to 64 bytes become other ones. */
  BYTES {
    @Override
    byte[] apply(Site site) {
      byte[] bytes = site.copy();
      byte[] garbage = new byte[Math.min(bytes.length, 1 + site.random().nextInt(64))];
      site.random().nextBytes(garbage);
      System.arraycopy(
          garbage,
          0,
          bytes,
          site.random().nextInt(bytes.length - garbage.length + 1),
          garbage.length);
      return bytes;
    }
  },
  ZEROED_SECTOR {
    @Override
    byte[] apply(Site site) {
      return zeroed(site, SECTOR);
    }
  },
  ZEROED_BLOCK {
    @Override
    byte[] apply(Site site) {
      return zeroed(site, Disk.BLOCK);
    }
  },
  SWAPPED_SECTORS {
    @Override
    byte[] apply(Site site) {
      return swapped(site, SECTOR);
    }
  },
  SWAPPED_BLOCKS {
    @Override
    byte[] apply(Site site) {
      return swapped(site, Disk.BLOCK);
    }
  },
  /**
   * A whole record of the store is copied to another place, of another record if one is as long.
   */
  MISPLACED_RECORD {
    @Override
    byte[] apply(Site site) {
      return misplaced(site, site.image());
    }
  },
  /** The same with a record of another store, which may have been at the same place. */
  FOREIGN_RECORD {
    @Override
    byte[] apply(Site site) {
      return misplaced(site, site.scene().other());
    }
  },
  /** A block that was there before, or is at the same place of another store's file. */
  STALE_BLOCK {
    @Override
    byte[] apply(Site site) {
      List<byte[]> versions = new ArrayList<>();
      for (StoreImage image : site.scene().earlier()) {
        addOlder(image, site.file(), versions);
      }
      addOlder(site.scene().other(), site.file(), versions);
      byte[] bytes = site.copy();
      if (!versions.isEmpty()) {
        byte[] older = versions.get(site.random().nextInt(versions.size()));
        int at = site.place(Disk.BLOCK);
        if (at + Disk.BLOCK <= older.length) {
          System.arraycopy(older, at, bytes, at, Math.min(Disk.BLOCK, bytes.length - at));
        }
      }
      return bytes;
    }
  },
  /** A block of any file that was there before, deleted ones among them. */
  RECYCLED_BLOCK {
    @Override
    byte[] apply(Site site) {
      byte[] bytes = site.copy();
      List<StoreImage> earlier = site.scene().earlier();
      if (!earlier.isEmpty()) {
        StoreImage image = earlier.get(site.random().nextInt(earlier.size()));
        byte[] from = image.bytes(site.any(image));
        int source =
            site.random().nextInt((from.length + Disk.BLOCK - 1) / Disk.BLOCK) * Disk.BLOCK;
        int at = site.place(Disk.BLOCK);
        int length = Math.min(Disk.BLOCK, Math.min(from.length - source, bytes.length - at));
        System.arraycopy(from, source, bytes, at, length);
      }
      return bytes;
    }
  },
  TRUNCATED {
    @Override
    byte[] apply(Site site) {
      int length = site.random().nextInt(site.bytes().length);
      return Arrays.copyOf(
          site.bytes(), site.random().nextBoolean() ? length : length & -Disk.BLOCK);
    }
  },
  /** Zeros, or garbage, are behind the file's end. */
  EXTENDED {
    @Override
    byte[] apply(Site site) {
      boolean blocks = site.random().nextBoolean();
      int more =
          blocks ? Disk.BLOCK * (1 + site.random().nextInt(3)) : site.random().nextInt(9_000);
      byte[] tail = new byte[more];
      if (site.random().nextBoolean()) {
        site.random().nextBytes(tail);
      }
      byte[] bytes = Arrays.copyOf(site.bytes(), site.bytes().length + more);
      System.arraycopy(tail, 0, bytes, site.bytes().length, more);
      return bytes;
    }
  };

  private static final int SECTOR = 512;

  /** The bytes of a file as the damage leaves them. */
  abstract byte[] apply(Site site);

  /**
   * Where damage is done.
   *
   * @param file that is damaged
   */
  record Site(LargerStores.Scene scene, Path file, SplittableRandom random) {

    StoreImage image() {
      return scene.sample().image();
    }

    byte[] bytes() {
      return image().bytes(file);
    }

    byte[] copy() {
      return bytes().clone();
    }

    /** Where some unit of the file begins. */
    int place(int unit) {
      return random.nextInt((bytes().length + unit - 1) / unit) * unit;
    }

    /** Any file of an image that is not empty. */
    Path any(StoreImage of) {
      List<Path> files =
          of.files().keySet().stream().filter(path -> of.bytes(path).length > 0).toList();
      return files.get(random.nextInt(files.size()));
    }
  }

  private static byte[] zeroed(Site site, int unit) {
    byte[] bytes = site.copy();
    int at = site.place(unit);
    Arrays.fill(bytes, at, Math.min(bytes.length, at + unit), (byte) 0);
    return bytes;
  }

  private static byte[] swapped(Site site, int unit) {
    byte[] bytes = site.copy();
    int one = site.place(unit);
    int two = site.place(unit);
    int length = Math.min(unit, bytes.length - Math.max(one, two));
    System.arraycopy(site.bytes(), one, bytes, two, length);
    System.arraycopy(site.bytes(), two, bytes, one, length);
    return bytes;
  }

  private static void addOlder(StoreImage image, Path file, List<byte[]> versions) {
    byte[] same = image.files().get(file);
    if (same != null) {
      versions.add(same);
    }
    Path log = formerName(file);
    byte[] former = log == null ? null : image.files().get(log);
    if (former != null) {
      versions.add(former);
    }
  }

  /** The log that a segment may have been. */
  private static @Nullable Path formerName(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(".seg")
        ? StoreImage.LAYOUT.logs().resolve(name.replace(".seg", ".wal"))
        : null;
  }

  private static byte[] misplaced(Site site, StoreImage from) {
    byte[] bytes = site.copy();
    byte[] source = from.bytes(site.any(from));
    List<Integer> records = records(source);
    if (records.isEmpty()) {
      return bytes;
    }
    int record = records.get(site.random().nextInt(records.size()));
    int length = length(source, record);
    List<Integer> places =
        records(bytes).stream().filter(at -> length(bytes, at) == length).toList();
    int at =
        places.isEmpty() || site.random().nextInt(4) == 0
            ? site.place(8)
            : places.get(site.random().nextInt(places.size()));
    System.arraycopy(source, record, bytes, at, Math.min(length, bytes.length - at));
    return bytes;
  }

  private static int length(byte[] file, int record) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(record);
  }

  /** Where the records of a segment or log begin; none in other files. */
  private static List<Integer> records(byte[] file) {
    List<Integer> places = new ArrayList<>();
    long salt = Repair.salt(file);
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int at = 64;
    while (at + 24 <= file.length
        && RecordFormat.isHeader(bytes, at, salt)
        && bytes.getInt(at) <= file.length - at) {
      places.add(at);
      at += bytes.getInt(at) + 7 & -8;
    }
    return places;
  }
}
