package dev.quarry.crash.fuzz;

import dev.quarry.crash.damage.Repair;
import dev.quarry.segment.Disk;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The file that a fuzzer's bytes stand for. The first byte says what is done to the others before
 * they are a file, so that inputs stay short, and so that mutations get past the checksums:
 *
 * <pre>
 *   1  the file header's checksum is made right
 *   2  zeros are put in front of the last bytes, the trailer, up to a multiple of 4096
 *   4  the checks of all records, the checksums of footer, trailer and chunks are made right
 *   8  so are those of keys and values
 *  16  the length that the trailer says is made that of the file
 *  32  zeros that fill a chunk of a checkpoint are put in front of the trailer as well
 *  64  the store that reads the file is another one
 * </pre>
 */
final class HostileFile {

  static final int HEADER = 1;
  static final int PAD = 2;
  static final int CHECKS = 4;
  static final int PAYLOADS = 8;
  static final int LENGTH = 16;
  static final int STRETCH = 32;
  static final int OTHER_STORE = 64;

  private static final int SEGMENT_TRAILER = 64;
  private static final int CHECKPOINT_TRAILER = 32;
  private static final int CHUNK = 1 << 20;

  private HostileFile() {}

  /** The flags of an input; 0 if it is empty. */
  static int flags(byte[] input) {
    return input.length == 0 ? 0 : input[0];
  }

  private static byte[] body(byte[] input) {
    return input.length == 0 ? input : Arrays.copyOfRange(input, 1, input.length);
  }

  static boolean is(byte[] input, int flag) {
    return (flags(input) & flag) != 0;
  }

  /** A segment. */
  static byte[] segment(byte[] input) {
    byte[] file = body(input);
    if (is(input, PAD)) {
      file = padded(file, SEGMENT_TRAILER, 0);
    }
    if (is(input, LENGTH) && file.length >= SEGMENT_TRAILER) {
      little(file).putLong(file.length - 16, file.length);
    }
    repairHeader(input, file);
    if (is(input, CHECKS)) {
      Repair.segment(file, is(input, PAYLOADS));
    }
    return file;
  }

  /** A log. */
  static byte[] log(byte[] input) {
    byte[] file = body(input);
    if (is(input, PAD)) {
      file = padded(file, 0, 0);
    }
    repairHeader(input, file);
    if (is(input, CHECKS)) {
      Repair.chain(file, is(input, PAYLOADS));
    }
    return file;
  }

  /** A checkpoint. */
  static byte[] checkpoint(byte[] input) {
    byte[] file = body(input);
    if (is(input, PAD)) {
      file = padded(file, CHECKPOINT_TRAILER, is(input, STRETCH) ? CHUNK : 0);
    }
    if (is(input, LENGTH) && file.length >= CHECKPOINT_TRAILER) {
      little(file).putLong(file.length - 16, file.length);
    }
    repairHeader(input, file);
    if (is(input, CHECKS)) {
      Repair.chunks(file);
    }
    return file;
  }

  /** A STORE file. */
  static byte[] store(byte[] input) {
    byte[] file = body(input);
    if (is(input, PAD)) {
      file = padded(file, 0, 0);
    }
    repairHeader(input, file);
    if (is(input, CHECKS)) {
      Repair.identity(file);
    }
    return file;
  }

  private static void repairHeader(byte[] input, byte[] file) {
    if (is(input, HEADER)) {
      Repair.header(file);
    }
  }

  /** The bytes of a file as an input that stands for it, its zeros left out. */
  static byte[] input(byte[] file, int trailer) {
    int end = file.length - trailer;
    while (end > 0 && file[end - 1] == 0) {
      end--;
    }
    byte[] input = new byte[1 + end + trailer];
    input[0] = HEADER | PAD | CHECKS | PAYLOADS | LENGTH;
    System.arraycopy(file, 0, input, 1, end);
    System.arraycopy(file, file.length - trailer, input, 1 + end, trailer);
    return input;
  }

  private static byte[] padded(byte[] file, int trailer, int more) {
    int behind = Math.min(trailer, file.length);
    int length = file.length + more + Disk.BLOCK - 1 & -Disk.BLOCK;
    byte[] padded = new byte[length];
    System.arraycopy(file, 0, padded, 0, file.length - behind);
    System.arraycopy(file, file.length - behind, padded, length - behind, behind);
    return padded;
  }

  static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
