import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.test.config.TestR4Config;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;

/**
 * A FHIR R4 server on a free port of the loopback, its data in memory. It prints the
 * port once it answers and ends when its standard input does.
 */
class FhirServer {
  public static void main(String[] arguments) throws Exception {
    var parts = new AnnotationConfigApplicationContext(TestR4Config.class);
    var fhir = new RestfulServer(parts.getBean(FhirContext.class));
    var resources = parts.getBean("myResourceProvidersR4", ResourceProviderFactory.class);
    fhir.registerProviders(resources.createProviders());
    fhir.registerProvider(parts.getBean("mySystemProviderR4"));
    fhir.setPagingProvider(parts.getBean(DatabaseBackedPagingProvider.class));

    var server = new Server();
    var connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    server.addConnector(connector);
    var handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("port " + connector.getLocalPort());
    while (System.in.read() >= 0) {}
    System.exit(0);
  }
}
