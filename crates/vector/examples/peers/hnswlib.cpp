// hnswlib as an engine of bench_vectors: answers lines (`build`, `recall FILTER EF`, `pass FILTER EF`) until its input ends.
//   hnswlib FOLDER DIMENSION
#include <time.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>
#include "hnswlib/hnswlib.h"

static double processor() {
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

template <typename T>
static std::vector<T> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<char> bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    std::vector<T> values(bytes.size() / sizeof(T));
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(values.data()));
    return values;
}

struct Bits : hnswlib::BaseFilterFunctor {
    const uint64_t* words = nullptr;
    bool operator()(hnswlib::labeltype row) override { return words[row / 64] >> (row % 64) & 1; }
};

using Index = hnswlib::HierarchicalNSW<float>;

// Rows and links of the lowest layer, a pointer, a level and a lock a row, and the links above.
static double bytes_of(const Index& index, size_t count) {
    double bytes = count * (index.size_data_per_element_ + sizeof(void*) + sizeof(int) + sizeof(std::mutex));
    for (size_t row = 0; row < count; row++) bytes += index.element_levels_[row] * index.size_links_per_element_;
    return bytes;
}

int main(int, char** arguments) {
    const std::string folder = arguments[1];
    const size_t dimension = atoi(arguments[2]), k = 10;
    auto rows = read<float>(folder + "/rows"), queries = read<float>(folder + "/queries");
    auto filters = read<uint64_t>(folder + "/filters");
    auto truths = read<uint32_t>(folder + "/truths");
    const size_t count = rows.size() / dimension, asked = queries.size() / dimension, words = (count + 63) / 64;
    hnswlib::L2Space space(dimension);
    std::unique_ptr<Index> index;
    Bits bits;
    std::string command;
    while (std::cin >> command) {
        double start = processor();
        if (command == "build") {
            index.reset();
            start = processor();
            index = std::make_unique<Index>(&space, count, 16, 100, 42);
            for (size_t row = 0; row < count; row++) index->addPoint(rows.data() + row * dimension, row);
            const double seconds = processor() - start;
            printf("%f %f\n", seconds, bytes_of(*index, count));
        } else {
            size_t filter, ef;
            std::cin >> filter >> ef;
            index->setEf(ef);
            bits.words = filter ? filters.data() + (filter - 1) * words : nullptr;
            std::vector<std::vector<uint32_t>> found(asked);
            start = processor();
            for (size_t query = 0; query < asked; query++) {
                auto queue = index->searchKnn(queries.data() + query * dimension, k, filter ? &bits : nullptr);
                for (; !queue.empty(); queue.pop()) found[query].push_back(queue.top().second);
            }
            const double seconds = processor() - start;
            size_t hit = 0;
            const uint32_t* truth = truths.data() + filter * asked * k;
            for (size_t query = 0; query < asked; query++, truth += k)
                for (uint32_t row : found[query]) hit += std::find(truth, truth + k, row) != truth + k;
            if (command == "recall") printf("%f\n", double(hit) / (asked * k));
            else printf("%.9f\n", seconds);
        }
        fflush(stdout);
    }
}
