package local

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func (s *Stack) serve(l net.Listener, h http.Handler, list *[]*http.Server) {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	*list = append(*list, server)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.say(fmt.Sprintf("the server at %s stopped: %v", l.Addr(), err))
		}
	}()
}

// client makes the SDK's configuration for one caller.
func (s *Stack) client(key, secret string) aws.Config {
	return aws.Config{Region: s.tmpl.Region, Credentials: credentials.NewStaticCredentialsProvider(key, secret, os.Getenv("AWS_SESSION_TOKEN"))}
}
