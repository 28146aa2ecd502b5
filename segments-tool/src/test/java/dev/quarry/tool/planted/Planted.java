package dev.quarry.tool.planted;

import dev.quarry.BlobStore;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import net.openhft.chronicle.bytes.HexDumpBytes;
import net.openhft.hashing.LongTupleHashFunction;
import org.rocksdb.RocksDB;

/** Uses what none of the store's own classes may use in this place. */
public final class Planted {

  private Planted() {}

  static void engine(BlobStore store) {
    store.sync();
  }

  static void rocks(RocksDB database) {
    database.close();
  }

  static Object hashing() {
    return LongTupleHashFunction.xx128();
  }

  static Object channel(Path path) throws IOException {
    return FileChannel.open(path);
  }

  static Object mapping(FileChannel channel) throws IOException {
    return channel.map(FileChannel.MapMode.READ_ONLY, 0, 1);
  }

  static boolean files(Path path) {
    return Files.exists(path);
  }

  static Object hexDump() {
    return new HexDumpBytes();
  }

  static long time() {
    return System.currentTimeMillis();
  }
}
