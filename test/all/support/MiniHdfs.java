import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** One namenode and two datanodes of a real Hadoop; prints the port of WebHDFS, obeys lines, and ends with its standard input. */
public class MiniHdfs {
  public static void main(String[] arguments) throws Exception {
    Configuration settings = new Configuration();
    settings.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, new File(arguments[0], "data").getAbsolutePath());
    settings.setInt("dfs.replication", 2);
    settings.setLong("dfs.blocksize", 8L << 20);
    settings.setInt("dfs.ls.limit", 20);
    MiniDFSCluster cluster = new MiniDFSCluster.Builder(settings).numDataNodes(2).build();
    cluster.waitActive();
    say("webhdfs " + cluster.getNameNode().getHttpAddress().getPort());
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    MiniDFSCluster.DataNodeProperties stopped = null;
    for (String line; (line = lines.readLine()) != null; ) {
      if (line.equals("stop-datanode")) stopped = cluster.stopDataNode(0);
      if (line.equals("restart-datanode")) {
        cluster.restartDataNode(stopped, true);
        cluster.waitActive();
      }
      say("done");
    }
    System.exit(0);
  }

  private static void say(String text) {
    System.out.println(text);
    System.out.flush();
  }
}
