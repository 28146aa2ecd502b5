package dev.quarry;

import dev.quarry.bloom.StripedCounter;
import dev.quarry.segment.Disk;
import dev.quarry.segment.DiskFile;
import dev.quarry.segment.ForwardingDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A disk that counts the bytes written to another. */
final class MeteredDisk extends ForwardingDisk {

  private final StripedCounter bytesWritten = new StripedCounter();

  MeteredDisk(Disk disk) {
    super(disk);
  }

  long bytesWritten() {
    return bytesWritten.sum();
  }

  @Override
  public DiskFile create(Path file) throws IOException {
    return new MeteredFile(super.create(file));
  }

  @Override
  public DiskFile open(Path file) throws IOException {
    return new MeteredFile(super.open(file));
  }

  private final class MeteredFile extends ForwardingFile {

    MeteredFile(DiskFile file) {
      super(file);
    }

    @Override
    public void write(ByteBuffer source, long position) throws IOException {
      int bytes = source.remaining();
      super.write(source, position);
      bytesWritten.add(bytes);
    }
  }
}
