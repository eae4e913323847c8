// Command bench serves or measures the DynamoDB stand-in.
package main

import (
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/userops/userops/shared/local/dynamodb"
)

func main() {
	serve := flag.String("serve", "", "")
	path := flag.String("path", "", "")
	lag := flag.Duration("lag", 0, "")
	flag.Parse()
	t0 := time.Now()
	e, err := dynamodb.Open(dynamodb.Options{Path: *path, TTLLag: *lag})
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", *serve)
	if err != nil {
		log.Fatal(err)
	}
	log.Println("listening", l.Addr(), time.Since(t0))
	go http.Serve(l, e)
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)
	<-c
	e.Close()
}
