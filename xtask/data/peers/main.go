// grpc-gateway as its own examples start it, with nothing set that it does not set by itself: `door LISTEN BACKEND`.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/grpc-ecosystem/grpc-gateway/runtime"
	"google.golang.org/grpc"
	"peer/mission"
)

func main() {
	mux := runtime.NewServeMux()
	options := []grpc.DialOption{grpc.WithInsecure()}
	err := mission.RegisterMissionServiceHandlerFromEndpoint(context.Background(), mux, os.Args[2], options)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe(os.Args[1], mux))
}
