package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.Sample;
import dev.quarry.crash.damage.SmallStores;
import dev.quarry.crash.damage.StoreImage;
import dev.quarry.segment.StoreLayout;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Good files for a fuzzer to begin with. */
final class Seeds {

  private static final StoreLayout LAYOUT = StoreImage.LAYOUT;

  /** The id that the targets give to a segment or log. */
  private static final long ID = 7;

  private Seeds() {}

  private static List<Sample> samples() throws IOException {
    return List.of(
        SmallStores.closed(), SmallStores.compacted(), SmallStores.crashed(), SmallStores.cache());
  }

  /** A way to write down a file. */
  private interface Encoding {
    byte[] input(byte[] file);
  }

  private static List<byte[]> all(Path directory, Encoding encoding) throws IOException {
    List<byte[]> inputs = new ArrayList<>();
    for (Sample sample : samples()) {
      for (Path path : sample.image().in(directory)) {
        inputs.add(encoding.input(sample.image().bytes(path)));
      }
    }
    return inputs;
  }

  static List<byte[]> segments() throws IOException {
    List<byte[]> inputs = all(LAYOUT.segments(), Seeds::segment);
    inputs.addAll(all(LAYOUT.segments(), file -> raw(HostileFile.segment(segment(file)))));
    return inputs;
  }

  private static byte[] segment(byte[] file) {
    byte[] renamed = file.clone();
    HostileFile.little(renamed).putLong(32, ID);
    HostileFile.little(renamed).putLong(file.length - 56, ID);
    return HostileFile.input(renamed, 64);
  }

  static List<byte[]> logs() throws IOException {
    List<byte[]> inputs = all(LAYOUT.logs(), Seeds::log);
    inputs.addAll(all(LAYOUT.logs(), file -> raw(HostileFile.log(log(file)))));
    for (byte[] segment : all(LAYOUT.segments(), Seeds::log)) { // all kinds of records
      inputs.add(segment);
    }
    return inputs;
  }

  private static byte[] log(byte[] file) {
    byte[] renamed = file.clone();
    HostileFile.little(renamed).putLong(32, ID);
    return HostileFile.input(renamed, 0);
  }

  static List<byte[]> checkpoints() throws IOException {
    List<byte[]> inputs = all(LAYOUT.checkpointDirectory(), file -> HostileFile.input(file, 32));
    inputs.addAll(all(LAYOUT.checkpointDirectory(), Seeds::raw));
    for (byte[] ghost : ghosts()) {
      inputs.add(checkpointWith(ghost));
    }
    return inputs;
  }

  /** A checkpoint of nothing but a ghost. */
  private static byte[] checkpointWith(byte[] ghost) throws IOException {
    byte[] file = all(LAYOUT.checkpointDirectory(), f -> f).get(0);
    ByteBuffer made = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);
    made.put(file, 0, 64).putLong(0).putLong(0).putInt(0).putInt(ghost.length).put(ghost);
    made.position(4096 - 32).put(file, file.length - 32, 8).putLong(0).putLong(4096);
    return HostileFile.input(made.array(), 32);
  }

  static List<byte[]> stores() throws IOException {
    byte[] file = SmallStores.closed().image().bytes(LAYOUT.store());
    return List.of(HostileFile.input(file, 0), raw(file));
  }

  /** A ghost of one generation, as the format page shows it, and one of none. */
  static List<byte[]> ghosts() {
    ByteBuffer one = ByteBuffer.allocate(8 + 32 + 64).order(ByteOrder.LITTLE_ENDIAN);
    one.putInt(1).putInt(1).putLong(32).putLong(1).putLong(1).putLong(8);
    for (int bit : new int[] {10, 38, 5, 57, 21, 50, 16, 22}) {
      one.putLong(1L << bit);
    }
    return List.of(one.array(), new byte[] {1, 0, 0, 0, 0, 0, 0, 0});
  }

  static List<byte[]> wholeStores() throws IOException {
    List<byte[]> inputs = new ArrayList<>();
    for (Sample sample : samples()) {
      ByteArrayOutputStream input = new ByteArrayOutputStream();
      input.write(sample.name().equals("cache") ? 1 : 0);
      for (Map.Entry<Path, byte[]> file : sample.image().files().entrySet()) {
        int index = WholeStoreTarget.FILES.indexOf(file.getKey());
        if (index >= 0) {
          byte[] part = HostileFile.input(file.getValue(), trailer(file.getKey()));
          input.write(index);
          input.write(part.length & 0xFF);
          input.write(part.length >>> 8);
          input.write(part);
        }
      }
      inputs.add(input.toByteArray());
    }
    return inputs;
  }

  private static int trailer(Path path) {
    if (path.startsWith(LAYOUT.segments())) {
      return 64;
    }
    return path.equals(LAYOUT.checkpoint()) ? 32 : 0;
  }

  private static byte[] raw(byte[] file) {
    byte[] input = new byte[file.length + 1];
    System.arraycopy(file, 0, input, 1, file.length);
    return input;
  }
}
