// hnswlib over the vectors of bench_vectors: build, then recall and queries per second for each effort, without and with filters.
//   hnswlib FOLDER DIMENSION ENOUGH PASSES PATIENCE EF..
#include <time.h>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
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

int main(int, char** arguments) {
    const std::string folder = arguments[1];
    const size_t dimension = atoi(arguments[2]), k = 10;
    const double enough = atof(arguments[3]), patience = atof(arguments[5]);
    const int passes = atoi(arguments[4]);
    auto rows = read<float>(folder + "/rows"), queries = read<float>(folder + "/queries");
    auto filters = read<uint64_t>(folder + "/filters");
    auto truths = read<uint32_t>(folder + "/truths");
    const size_t count = rows.size() / dimension, asked = queries.size() / dimension, words = (count + 63) / 64;
    hnswlib::L2Space space(dimension);
    hnswlib::HierarchicalNSW<float> index(&space, count, 16, 100, 42);
    double start = processor();
    for (size_t row = 0; row < count; row++) index.addPoint(rows.data() + row * dimension, row);
    // Rows and links of the lowest layer, a pointer, a level and a lock a row, and the links above.
    double bytes = count * (index.size_data_per_element_ + sizeof(void*) + sizeof(int) + sizeof(std::mutex));
    for (size_t row = 0; row < count; row++) bytes += index.element_levels_[row] * index.size_links_per_element_;
    printf("build %f %f\n", processor() - start, bytes);
    Bits bits;
    size_t truth = 0;
    for (size_t filter = 0; filter <= filters.size() / words; filter++) {
        bits.words = filter ? filters.data() + (filter - 1) * words : nullptr;
        double recall = 0;
        for (int at = 6; arguments[at] && recall < enough; at++) {
            index.setEf(atoi(arguments[at]));
            double best = 1e9, begun = processor();
            size_t hit = 0, wanted = 0, next = truth;
            for (int run = 0; run < 2 || (run <= passes && processor() - begun < patience); run++) {
                start = processor();
                std::vector<std::vector<uint32_t>> found(asked);
                for (size_t query = 0; query < asked; query++) {
                    auto queue = index.searchKnn(queries.data() + query * dimension, k, filter ? &bits : nullptr);
                    for (; !queue.empty(); queue.pop()) found[query].push_back(queue.top().second);
                }
                if (run) best = std::min(best, processor() - start);
                if (run) continue;
                for (size_t query = 0; query < asked; query++, next += k, wanted += k)
                    for (uint32_t row : found[query])
                        hit += std::find(&truths[next], &truths[next] + k, row) != &truths[next] + k;
            }
            recall = double(hit) / wanted;
            printf("curve %zu %f %f\n", filter, recall, asked / best);
        }
        truth += asked * k;
    }
}
